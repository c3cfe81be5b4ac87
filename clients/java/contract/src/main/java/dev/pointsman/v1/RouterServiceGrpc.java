package dev.pointsman.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Sizes: a request is at most 4 MiB, 32 MiB where a configured model takes images, of which
 * all but the images' own bytes are still at most 4 MiB; above that REQUEST_TOO_LARGE.
 * Above 32 MiB the transport itself answers RESOURCE_EXHAUSTED without details. A delta is
 * at most 64 KiB.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class RouterServiceGrpc {

  private RouterServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "pointsman.v1.RouterService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.pointsman.v1.RouteRequest,
      dev.pointsman.v1.RouteResponse> getRouteMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Route",
      requestType = dev.pointsman.v1.RouteRequest.class,
      responseType = dev.pointsman.v1.RouteResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.pointsman.v1.RouteRequest,
      dev.pointsman.v1.RouteResponse> getRouteMethod() {
    io.grpc.MethodDescriptor<dev.pointsman.v1.RouteRequest, dev.pointsman.v1.RouteResponse> getRouteMethod;
    if ((getRouteMethod = RouterServiceGrpc.getRouteMethod) == null) {
      synchronized (RouterServiceGrpc.class) {
        if ((getRouteMethod = RouterServiceGrpc.getRouteMethod) == null) {
          RouterServiceGrpc.getRouteMethod = getRouteMethod =
              io.grpc.MethodDescriptor.<dev.pointsman.v1.RouteRequest, dev.pointsman.v1.RouteResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Route"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.RouteRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.RouteResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RouterServiceMethodDescriptorSupplier("Route"))
              .build();
        }
      }
    }
    return getRouteMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.pointsman.v1.RouteBatchRequest,
      dev.pointsman.v1.RouteBatchResponse> getRouteBatchMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RouteBatch",
      requestType = dev.pointsman.v1.RouteBatchRequest.class,
      responseType = dev.pointsman.v1.RouteBatchResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.pointsman.v1.RouteBatchRequest,
      dev.pointsman.v1.RouteBatchResponse> getRouteBatchMethod() {
    io.grpc.MethodDescriptor<dev.pointsman.v1.RouteBatchRequest, dev.pointsman.v1.RouteBatchResponse> getRouteBatchMethod;
    if ((getRouteBatchMethod = RouterServiceGrpc.getRouteBatchMethod) == null) {
      synchronized (RouterServiceGrpc.class) {
        if ((getRouteBatchMethod = RouterServiceGrpc.getRouteBatchMethod) == null) {
          RouterServiceGrpc.getRouteBatchMethod = getRouteBatchMethod =
              io.grpc.MethodDescriptor.<dev.pointsman.v1.RouteBatchRequest, dev.pointsman.v1.RouteBatchResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RouteBatch"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.RouteBatchRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.RouteBatchResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RouterServiceMethodDescriptorSupplier("RouteBatch"))
              .build();
        }
      }
    }
    return getRouteBatchMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.pointsman.v1.CompleteRequest,
      dev.pointsman.v1.CompleteResponse> getCompleteMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Complete",
      requestType = dev.pointsman.v1.CompleteRequest.class,
      responseType = dev.pointsman.v1.CompleteResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.pointsman.v1.CompleteRequest,
      dev.pointsman.v1.CompleteResponse> getCompleteMethod() {
    io.grpc.MethodDescriptor<dev.pointsman.v1.CompleteRequest, dev.pointsman.v1.CompleteResponse> getCompleteMethod;
    if ((getCompleteMethod = RouterServiceGrpc.getCompleteMethod) == null) {
      synchronized (RouterServiceGrpc.class) {
        if ((getCompleteMethod = RouterServiceGrpc.getCompleteMethod) == null) {
          RouterServiceGrpc.getCompleteMethod = getCompleteMethod =
              io.grpc.MethodDescriptor.<dev.pointsman.v1.CompleteRequest, dev.pointsman.v1.CompleteResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Complete"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.CompleteRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.CompleteResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RouterServiceMethodDescriptorSupplier("Complete"))
              .build();
        }
      }
    }
    return getCompleteMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.pointsman.v1.CompleteUnaryRequest,
      dev.pointsman.v1.CompleteUnaryResponse> getCompleteUnaryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CompleteUnary",
      requestType = dev.pointsman.v1.CompleteUnaryRequest.class,
      responseType = dev.pointsman.v1.CompleteUnaryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.pointsman.v1.CompleteUnaryRequest,
      dev.pointsman.v1.CompleteUnaryResponse> getCompleteUnaryMethod() {
    io.grpc.MethodDescriptor<dev.pointsman.v1.CompleteUnaryRequest, dev.pointsman.v1.CompleteUnaryResponse> getCompleteUnaryMethod;
    if ((getCompleteUnaryMethod = RouterServiceGrpc.getCompleteUnaryMethod) == null) {
      synchronized (RouterServiceGrpc.class) {
        if ((getCompleteUnaryMethod = RouterServiceGrpc.getCompleteUnaryMethod) == null) {
          RouterServiceGrpc.getCompleteUnaryMethod = getCompleteUnaryMethod =
              io.grpc.MethodDescriptor.<dev.pointsman.v1.CompleteUnaryRequest, dev.pointsman.v1.CompleteUnaryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CompleteUnary"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.CompleteUnaryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.CompleteUnaryResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RouterServiceMethodDescriptorSupplier("CompleteUnary"))
              .build();
        }
      }
    }
    return getCompleteUnaryMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static RouterServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RouterServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RouterServiceStub>() {
        @java.lang.Override
        public RouterServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RouterServiceStub(channel, callOptions);
        }
      };
    return RouterServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static RouterServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RouterServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RouterServiceBlockingV2Stub>() {
        @java.lang.Override
        public RouterServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RouterServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return RouterServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static RouterServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RouterServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RouterServiceBlockingStub>() {
        @java.lang.Override
        public RouterServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RouterServiceBlockingStub(channel, callOptions);
        }
      };
    return RouterServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static RouterServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RouterServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RouterServiceFutureStub>() {
        @java.lang.Override
        public RouterServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RouterServiceFutureStub(channel, callOptions);
        }
      };
    return RouterServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Sizes: a request is at most 4 MiB, 32 MiB where a configured model takes images, of which
   * all but the images' own bytes are still at most 4 MiB; above that REQUEST_TOO_LARGE.
   * Above 32 MiB the transport itself answers RESOURCE_EXHAUSTED without details. A delta is
   * at most 64 KiB.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Decides, runs nothing, reserves nothing.
     * </pre>
     */
    default void route(dev.pointsman.v1.RouteRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.RouteResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRouteMethod(), responseObserver);
    }

    /**
     * <pre>
     * Up to 256 independent decisions, each as Route makes it. Fails as a whole only for
     * reasons that hit every item (overload, shutting down, too large); otherwise each item
     * has its own error.
     * </pre>
     */
    default void routeBatch(dev.pointsman.v1.RouteBatchRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.RouteBatchResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRouteBatchMethod(), responseObserver);
    }

    /**
     * <pre>
     * Routes, runs, streams.
     *   decision (notice | heartbeat | reset | *_delta)* usage finish   then OK
     *   [decision ...deltas] [usage]                                    then an error
     * Only finish followed by status OK is a complete answer.
     * </pre>
     */
    default void complete(dev.pointsman.v1.CompleteRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.CompleteResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCompleteMethod(), responseObserver);
    }

    /**
     * <pre>
     * Same, one message back. Failover, hedging and cascades are invisible but for
     * usage.attempts.
     * </pre>
     */
    default void completeUnary(dev.pointsman.v1.CompleteUnaryRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.CompleteUnaryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCompleteUnaryMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service RouterService.
   * <pre>
   * Sizes: a request is at most 4 MiB, 32 MiB where a configured model takes images, of which
   * all but the images' own bytes are still at most 4 MiB; above that REQUEST_TOO_LARGE.
   * Above 32 MiB the transport itself answers RESOURCE_EXHAUSTED without details. A delta is
   * at most 64 KiB.
   * </pre>
   */
  public static abstract class RouterServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return RouterServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service RouterService.
   * <pre>
   * Sizes: a request is at most 4 MiB, 32 MiB where a configured model takes images, of which
   * all but the images' own bytes are still at most 4 MiB; above that REQUEST_TOO_LARGE.
   * Above 32 MiB the transport itself answers RESOURCE_EXHAUSTED without details. A delta is
   * at most 64 KiB.
   * </pre>
   */
  public static final class RouterServiceStub
      extends io.grpc.stub.AbstractAsyncStub<RouterServiceStub> {
    private RouterServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RouterServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RouterServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Decides, runs nothing, reserves nothing.
     * </pre>
     */
    public void route(dev.pointsman.v1.RouteRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.RouteResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRouteMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Up to 256 independent decisions, each as Route makes it. Fails as a whole only for
     * reasons that hit every item (overload, shutting down, too large); otherwise each item
     * has its own error.
     * </pre>
     */
    public void routeBatch(dev.pointsman.v1.RouteBatchRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.RouteBatchResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRouteBatchMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Routes, runs, streams.
     *   decision (notice | heartbeat | reset | *_delta)* usage finish   then OK
     *   [decision ...deltas] [usage]                                    then an error
     * Only finish followed by status OK is a complete answer.
     * </pre>
     */
    public void complete(dev.pointsman.v1.CompleteRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.CompleteResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getCompleteMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Same, one message back. Failover, hedging and cascades are invisible but for
     * usage.attempts.
     * </pre>
     */
    public void completeUnary(dev.pointsman.v1.CompleteUnaryRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.CompleteUnaryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCompleteUnaryMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service RouterService.
   * <pre>
   * Sizes: a request is at most 4 MiB, 32 MiB where a configured model takes images, of which
   * all but the images' own bytes are still at most 4 MiB; above that REQUEST_TOO_LARGE.
   * Above 32 MiB the transport itself answers RESOURCE_EXHAUSTED without details. A delta is
   * at most 64 KiB.
   * </pre>
   */
  public static final class RouterServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<RouterServiceBlockingV2Stub> {
    private RouterServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RouterServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RouterServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Decides, runs nothing, reserves nothing.
     * </pre>
     */
    public dev.pointsman.v1.RouteResponse route(dev.pointsman.v1.RouteRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRouteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Up to 256 independent decisions, each as Route makes it. Fails as a whole only for
     * reasons that hit every item (overload, shutting down, too large); otherwise each item
     * has its own error.
     * </pre>
     */
    public dev.pointsman.v1.RouteBatchResponse routeBatch(dev.pointsman.v1.RouteBatchRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRouteBatchMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Routes, runs, streams.
     *   decision (notice | heartbeat | reset | *_delta)* usage finish   then OK
     *   [decision ...deltas] [usage]                                    then an error
     * Only finish followed by status OK is a complete answer.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.pointsman.v1.CompleteResponse>
        complete(dev.pointsman.v1.CompleteRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getCompleteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Same, one message back. Failover, hedging and cascades are invisible but for
     * usage.attempts.
     * </pre>
     */
    public dev.pointsman.v1.CompleteUnaryResponse completeUnary(dev.pointsman.v1.CompleteUnaryRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCompleteUnaryMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service RouterService.
   * <pre>
   * Sizes: a request is at most 4 MiB, 32 MiB where a configured model takes images, of which
   * all but the images' own bytes are still at most 4 MiB; above that REQUEST_TOO_LARGE.
   * Above 32 MiB the transport itself answers RESOURCE_EXHAUSTED without details. A delta is
   * at most 64 KiB.
   * </pre>
   */
  public static final class RouterServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<RouterServiceBlockingStub> {
    private RouterServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RouterServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RouterServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Decides, runs nothing, reserves nothing.
     * </pre>
     */
    public dev.pointsman.v1.RouteResponse route(dev.pointsman.v1.RouteRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRouteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Up to 256 independent decisions, each as Route makes it. Fails as a whole only for
     * reasons that hit every item (overload, shutting down, too large); otherwise each item
     * has its own error.
     * </pre>
     */
    public dev.pointsman.v1.RouteBatchResponse routeBatch(dev.pointsman.v1.RouteBatchRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRouteBatchMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Routes, runs, streams.
     *   decision (notice | heartbeat | reset | *_delta)* usage finish   then OK
     *   [decision ...deltas] [usage]                                    then an error
     * Only finish followed by status OK is a complete answer.
     * </pre>
     */
    public java.util.Iterator<dev.pointsman.v1.CompleteResponse> complete(
        dev.pointsman.v1.CompleteRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getCompleteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Same, one message back. Failover, hedging and cascades are invisible but for
     * usage.attempts.
     * </pre>
     */
    public dev.pointsman.v1.CompleteUnaryResponse completeUnary(dev.pointsman.v1.CompleteUnaryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCompleteUnaryMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service RouterService.
   * <pre>
   * Sizes: a request is at most 4 MiB, 32 MiB where a configured model takes images, of which
   * all but the images' own bytes are still at most 4 MiB; above that REQUEST_TOO_LARGE.
   * Above 32 MiB the transport itself answers RESOURCE_EXHAUSTED without details. A delta is
   * at most 64 KiB.
   * </pre>
   */
  public static final class RouterServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<RouterServiceFutureStub> {
    private RouterServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RouterServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RouterServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Decides, runs nothing, reserves nothing.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.pointsman.v1.RouteResponse> route(
        dev.pointsman.v1.RouteRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRouteMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Up to 256 independent decisions, each as Route makes it. Fails as a whole only for
     * reasons that hit every item (overload, shutting down, too large); otherwise each item
     * has its own error.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.pointsman.v1.RouteBatchResponse> routeBatch(
        dev.pointsman.v1.RouteBatchRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRouteBatchMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Same, one message back. Failover, hedging and cascades are invisible but for
     * usage.attempts.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.pointsman.v1.CompleteUnaryResponse> completeUnary(
        dev.pointsman.v1.CompleteUnaryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCompleteUnaryMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_ROUTE = 0;
  private static final int METHODID_ROUTE_BATCH = 1;
  private static final int METHODID_COMPLETE = 2;
  private static final int METHODID_COMPLETE_UNARY = 3;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_ROUTE:
          serviceImpl.route((dev.pointsman.v1.RouteRequest) request,
              (io.grpc.stub.StreamObserver<dev.pointsman.v1.RouteResponse>) responseObserver);
          break;
        case METHODID_ROUTE_BATCH:
          serviceImpl.routeBatch((dev.pointsman.v1.RouteBatchRequest) request,
              (io.grpc.stub.StreamObserver<dev.pointsman.v1.RouteBatchResponse>) responseObserver);
          break;
        case METHODID_COMPLETE:
          serviceImpl.complete((dev.pointsman.v1.CompleteRequest) request,
              (io.grpc.stub.StreamObserver<dev.pointsman.v1.CompleteResponse>) responseObserver);
          break;
        case METHODID_COMPLETE_UNARY:
          serviceImpl.completeUnary((dev.pointsman.v1.CompleteUnaryRequest) request,
              (io.grpc.stub.StreamObserver<dev.pointsman.v1.CompleteUnaryResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getRouteMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.pointsman.v1.RouteRequest,
              dev.pointsman.v1.RouteResponse>(
                service, METHODID_ROUTE)))
        .addMethod(
          getRouteBatchMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.pointsman.v1.RouteBatchRequest,
              dev.pointsman.v1.RouteBatchResponse>(
                service, METHODID_ROUTE_BATCH)))
        .addMethod(
          getCompleteMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.pointsman.v1.CompleteRequest,
              dev.pointsman.v1.CompleteResponse>(
                service, METHODID_COMPLETE)))
        .addMethod(
          getCompleteUnaryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.pointsman.v1.CompleteUnaryRequest,
              dev.pointsman.v1.CompleteUnaryResponse>(
                service, METHODID_COMPLETE_UNARY)))
        .build();
  }

  private static abstract class RouterServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    RouterServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.pointsman.v1.RouterServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("RouterService");
    }
  }

  private static final class RouterServiceFileDescriptorSupplier
      extends RouterServiceBaseDescriptorSupplier {
    RouterServiceFileDescriptorSupplier() {}
  }

  private static final class RouterServiceMethodDescriptorSupplier
      extends RouterServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    RouterServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (RouterServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new RouterServiceFileDescriptorSupplier())
              .addMethod(getRouteMethod())
              .addMethod(getRouteBatchMethod())
              .addMethod(getCompleteMethod())
              .addMethod(getCompleteUnaryMethod())
              .build();
        }
      }
    }
    return result;
  }
}
