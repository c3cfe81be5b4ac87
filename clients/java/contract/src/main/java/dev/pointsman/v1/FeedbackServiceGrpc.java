package dev.pointsman.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * What became of decisions, as only callers know it. A decision is the tenant's own whose
 * request it was: another tenant's is PERMISSION_DENIED, as is one that is not recorded.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class FeedbackServiceGrpc {

  private FeedbackServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "pointsman.v1.FeedbackService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.pointsman.v1.SubmitFeedbackRequest,
      dev.pointsman.v1.SubmitFeedbackResponse> getSubmitFeedbackMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SubmitFeedback",
      requestType = dev.pointsman.v1.SubmitFeedbackRequest.class,
      responseType = dev.pointsman.v1.SubmitFeedbackResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.pointsman.v1.SubmitFeedbackRequest,
      dev.pointsman.v1.SubmitFeedbackResponse> getSubmitFeedbackMethod() {
    io.grpc.MethodDescriptor<dev.pointsman.v1.SubmitFeedbackRequest, dev.pointsman.v1.SubmitFeedbackResponse> getSubmitFeedbackMethod;
    if ((getSubmitFeedbackMethod = FeedbackServiceGrpc.getSubmitFeedbackMethod) == null) {
      synchronized (FeedbackServiceGrpc.class) {
        if ((getSubmitFeedbackMethod = FeedbackServiceGrpc.getSubmitFeedbackMethod) == null) {
          FeedbackServiceGrpc.getSubmitFeedbackMethod = getSubmitFeedbackMethod =
              io.grpc.MethodDescriptor.<dev.pointsman.v1.SubmitFeedbackRequest, dev.pointsman.v1.SubmitFeedbackResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SubmitFeedback"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.SubmitFeedbackRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.SubmitFeedbackResponse.getDefaultInstance()))
              .setSchemaDescriptor(new FeedbackServiceMethodDescriptorSupplier("SubmitFeedback"))
              .build();
        }
      }
    }
    return getSubmitFeedbackMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.pointsman.v1.ReportOutcomeRequest,
      dev.pointsman.v1.ReportOutcomeResponse> getReportOutcomeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReportOutcome",
      requestType = dev.pointsman.v1.ReportOutcomeRequest.class,
      responseType = dev.pointsman.v1.ReportOutcomeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.pointsman.v1.ReportOutcomeRequest,
      dev.pointsman.v1.ReportOutcomeResponse> getReportOutcomeMethod() {
    io.grpc.MethodDescriptor<dev.pointsman.v1.ReportOutcomeRequest, dev.pointsman.v1.ReportOutcomeResponse> getReportOutcomeMethod;
    if ((getReportOutcomeMethod = FeedbackServiceGrpc.getReportOutcomeMethod) == null) {
      synchronized (FeedbackServiceGrpc.class) {
        if ((getReportOutcomeMethod = FeedbackServiceGrpc.getReportOutcomeMethod) == null) {
          FeedbackServiceGrpc.getReportOutcomeMethod = getReportOutcomeMethod =
              io.grpc.MethodDescriptor.<dev.pointsman.v1.ReportOutcomeRequest, dev.pointsman.v1.ReportOutcomeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReportOutcome"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.ReportOutcomeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.ReportOutcomeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new FeedbackServiceMethodDescriptorSupplier("ReportOutcome"))
              .build();
        }
      }
    }
    return getReportOutcomeMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static FeedbackServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<FeedbackServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<FeedbackServiceStub>() {
        @java.lang.Override
        public FeedbackServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new FeedbackServiceStub(channel, callOptions);
        }
      };
    return FeedbackServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static FeedbackServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<FeedbackServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<FeedbackServiceBlockingV2Stub>() {
        @java.lang.Override
        public FeedbackServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new FeedbackServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return FeedbackServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static FeedbackServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<FeedbackServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<FeedbackServiceBlockingStub>() {
        @java.lang.Override
        public FeedbackServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new FeedbackServiceBlockingStub(channel, callOptions);
        }
      };
    return FeedbackServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static FeedbackServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<FeedbackServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<FeedbackServiceFutureStub>() {
        @java.lang.Override
        public FeedbackServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new FeedbackServiceFutureStub(channel, callOptions);
        }
      };
    return FeedbackServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * What became of decisions, as only callers know it. A decision is the tenant's own whose
   * request it was: another tenant's is PERMISSION_DENIED, as is one that is not recorded.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Someone or something judged an answer or a route. Kept with the decision; nothing that
     * decides reads it. A repeat with the same feedback_id replaces the earlier one.
     * </pre>
     */
    default void submitFeedback(dev.pointsman.v1.SubmitFeedbackRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.SubmitFeedbackResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSubmitFeedbackMethod(), responseObserver);
    }

    /**
     * <pre>
     * For callers of Route that ran the model themselves: an attempt at that decision, which
     * feeds health, latencies and session pins and is recorded with its cost. Counts once for
     * each decision and attempt: a repeat changes nothing and is given the cost again.
     * Everybody's requests are routed by health, so where keys are asked for this needs one
     * with the permission report.
     * </pre>
     */
    default void reportOutcome(dev.pointsman.v1.ReportOutcomeRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.ReportOutcomeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReportOutcomeMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service FeedbackService.
   * <pre>
   * What became of decisions, as only callers know it. A decision is the tenant's own whose
   * request it was: another tenant's is PERMISSION_DENIED, as is one that is not recorded.
   * </pre>
   */
  public static abstract class FeedbackServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return FeedbackServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service FeedbackService.
   * <pre>
   * What became of decisions, as only callers know it. A decision is the tenant's own whose
   * request it was: another tenant's is PERMISSION_DENIED, as is one that is not recorded.
   * </pre>
   */
  public static final class FeedbackServiceStub
      extends io.grpc.stub.AbstractAsyncStub<FeedbackServiceStub> {
    private FeedbackServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected FeedbackServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new FeedbackServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Someone or something judged an answer or a route. Kept with the decision; nothing that
     * decides reads it. A repeat with the same feedback_id replaces the earlier one.
     * </pre>
     */
    public void submitFeedback(dev.pointsman.v1.SubmitFeedbackRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.SubmitFeedbackResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSubmitFeedbackMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * For callers of Route that ran the model themselves: an attempt at that decision, which
     * feeds health, latencies and session pins and is recorded with its cost. Counts once for
     * each decision and attempt: a repeat changes nothing and is given the cost again.
     * Everybody's requests are routed by health, so where keys are asked for this needs one
     * with the permission report.
     * </pre>
     */
    public void reportOutcome(dev.pointsman.v1.ReportOutcomeRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.ReportOutcomeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getReportOutcomeMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service FeedbackService.
   * <pre>
   * What became of decisions, as only callers know it. A decision is the tenant's own whose
   * request it was: another tenant's is PERMISSION_DENIED, as is one that is not recorded.
   * </pre>
   */
  public static final class FeedbackServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<FeedbackServiceBlockingV2Stub> {
    private FeedbackServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected FeedbackServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new FeedbackServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Someone or something judged an answer or a route. Kept with the decision; nothing that
     * decides reads it. A repeat with the same feedback_id replaces the earlier one.
     * </pre>
     */
    public dev.pointsman.v1.SubmitFeedbackResponse submitFeedback(dev.pointsman.v1.SubmitFeedbackRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSubmitFeedbackMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For callers of Route that ran the model themselves: an attempt at that decision, which
     * feeds health, latencies and session pins and is recorded with its cost. Counts once for
     * each decision and attempt: a repeat changes nothing and is given the cost again.
     * Everybody's requests are routed by health, so where keys are asked for this needs one
     * with the permission report.
     * </pre>
     */
    public dev.pointsman.v1.ReportOutcomeResponse reportOutcome(dev.pointsman.v1.ReportOutcomeRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getReportOutcomeMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service FeedbackService.
   * <pre>
   * What became of decisions, as only callers know it. A decision is the tenant's own whose
   * request it was: another tenant's is PERMISSION_DENIED, as is one that is not recorded.
   * </pre>
   */
  public static final class FeedbackServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<FeedbackServiceBlockingStub> {
    private FeedbackServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected FeedbackServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new FeedbackServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Someone or something judged an answer or a route. Kept with the decision; nothing that
     * decides reads it. A repeat with the same feedback_id replaces the earlier one.
     * </pre>
     */
    public dev.pointsman.v1.SubmitFeedbackResponse submitFeedback(dev.pointsman.v1.SubmitFeedbackRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSubmitFeedbackMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For callers of Route that ran the model themselves: an attempt at that decision, which
     * feeds health, latencies and session pins and is recorded with its cost. Counts once for
     * each decision and attempt: a repeat changes nothing and is given the cost again.
     * Everybody's requests are routed by health, so where keys are asked for this needs one
     * with the permission report.
     * </pre>
     */
    public dev.pointsman.v1.ReportOutcomeResponse reportOutcome(dev.pointsman.v1.ReportOutcomeRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getReportOutcomeMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service FeedbackService.
   * <pre>
   * What became of decisions, as only callers know it. A decision is the tenant's own whose
   * request it was: another tenant's is PERMISSION_DENIED, as is one that is not recorded.
   * </pre>
   */
  public static final class FeedbackServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<FeedbackServiceFutureStub> {
    private FeedbackServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected FeedbackServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new FeedbackServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Someone or something judged an answer or a route. Kept with the decision; nothing that
     * decides reads it. A repeat with the same feedback_id replaces the earlier one.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.pointsman.v1.SubmitFeedbackResponse> submitFeedback(
        dev.pointsman.v1.SubmitFeedbackRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSubmitFeedbackMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * For callers of Route that ran the model themselves: an attempt at that decision, which
     * feeds health, latencies and session pins and is recorded with its cost. Counts once for
     * each decision and attempt: a repeat changes nothing and is given the cost again.
     * Everybody's requests are routed by health, so where keys are asked for this needs one
     * with the permission report.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.pointsman.v1.ReportOutcomeResponse> reportOutcome(
        dev.pointsman.v1.ReportOutcomeRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getReportOutcomeMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_SUBMIT_FEEDBACK = 0;
  private static final int METHODID_REPORT_OUTCOME = 1;

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
        case METHODID_SUBMIT_FEEDBACK:
          serviceImpl.submitFeedback((dev.pointsman.v1.SubmitFeedbackRequest) request,
              (io.grpc.stub.StreamObserver<dev.pointsman.v1.SubmitFeedbackResponse>) responseObserver);
          break;
        case METHODID_REPORT_OUTCOME:
          serviceImpl.reportOutcome((dev.pointsman.v1.ReportOutcomeRequest) request,
              (io.grpc.stub.StreamObserver<dev.pointsman.v1.ReportOutcomeResponse>) responseObserver);
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
          getSubmitFeedbackMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.pointsman.v1.SubmitFeedbackRequest,
              dev.pointsman.v1.SubmitFeedbackResponse>(
                service, METHODID_SUBMIT_FEEDBACK)))
        .addMethod(
          getReportOutcomeMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.pointsman.v1.ReportOutcomeRequest,
              dev.pointsman.v1.ReportOutcomeResponse>(
                service, METHODID_REPORT_OUTCOME)))
        .build();
  }

  private static abstract class FeedbackServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    FeedbackServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.pointsman.v1.FeedbackServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("FeedbackService");
    }
  }

  private static final class FeedbackServiceFileDescriptorSupplier
      extends FeedbackServiceBaseDescriptorSupplier {
    FeedbackServiceFileDescriptorSupplier() {}
  }

  private static final class FeedbackServiceMethodDescriptorSupplier
      extends FeedbackServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    FeedbackServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (FeedbackServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new FeedbackServiceFileDescriptorSupplier())
              .addMethod(getSubmitFeedbackMethod())
              .addMethod(getReportOutcomeMethod())
              .build();
        }
      }
    }
    return result;
  }
}
