package dev.pointsman.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * For operators and consoles. Where callers are authenticated, every key may list the models
 * that its tenant can use, explain its tenant's decisions, see its tenant's budgets and
 * simulate without config_yaml;
 * everything else is PERMISSION_DENIED without the permission admin.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class AdminServiceGrpc {

  private AdminServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "pointsman.v1.AdminService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.pointsman.v1.ListModelsRequest,
      dev.pointsman.v1.ListModelsResponse> getListModelsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListModels",
      requestType = dev.pointsman.v1.ListModelsRequest.class,
      responseType = dev.pointsman.v1.ListModelsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.pointsman.v1.ListModelsRequest,
      dev.pointsman.v1.ListModelsResponse> getListModelsMethod() {
    io.grpc.MethodDescriptor<dev.pointsman.v1.ListModelsRequest, dev.pointsman.v1.ListModelsResponse> getListModelsMethod;
    if ((getListModelsMethod = AdminServiceGrpc.getListModelsMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getListModelsMethod = AdminServiceGrpc.getListModelsMethod) == null) {
          AdminServiceGrpc.getListModelsMethod = getListModelsMethod =
              io.grpc.MethodDescriptor.<dev.pointsman.v1.ListModelsRequest, dev.pointsman.v1.ListModelsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListModels"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.ListModelsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.ListModelsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("ListModels"))
              .build();
        }
      }
    }
    return getListModelsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.pointsman.v1.ExplainRequest,
      dev.pointsman.v1.ExplainResponse> getExplainMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Explain",
      requestType = dev.pointsman.v1.ExplainRequest.class,
      responseType = dev.pointsman.v1.ExplainResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.pointsman.v1.ExplainRequest,
      dev.pointsman.v1.ExplainResponse> getExplainMethod() {
    io.grpc.MethodDescriptor<dev.pointsman.v1.ExplainRequest, dev.pointsman.v1.ExplainResponse> getExplainMethod;
    if ((getExplainMethod = AdminServiceGrpc.getExplainMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getExplainMethod = AdminServiceGrpc.getExplainMethod) == null) {
          AdminServiceGrpc.getExplainMethod = getExplainMethod =
              io.grpc.MethodDescriptor.<dev.pointsman.v1.ExplainRequest, dev.pointsman.v1.ExplainResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Explain"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.ExplainRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.ExplainResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("Explain"))
              .build();
        }
      }
    }
    return getExplainMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.pointsman.v1.ListProviderHealthRequest,
      dev.pointsman.v1.ListProviderHealthResponse> getListProviderHealthMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListProviderHealth",
      requestType = dev.pointsman.v1.ListProviderHealthRequest.class,
      responseType = dev.pointsman.v1.ListProviderHealthResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.pointsman.v1.ListProviderHealthRequest,
      dev.pointsman.v1.ListProviderHealthResponse> getListProviderHealthMethod() {
    io.grpc.MethodDescriptor<dev.pointsman.v1.ListProviderHealthRequest, dev.pointsman.v1.ListProviderHealthResponse> getListProviderHealthMethod;
    if ((getListProviderHealthMethod = AdminServiceGrpc.getListProviderHealthMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getListProviderHealthMethod = AdminServiceGrpc.getListProviderHealthMethod) == null) {
          AdminServiceGrpc.getListProviderHealthMethod = getListProviderHealthMethod =
              io.grpc.MethodDescriptor.<dev.pointsman.v1.ListProviderHealthRequest, dev.pointsman.v1.ListProviderHealthResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListProviderHealth"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.ListProviderHealthRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.ListProviderHealthResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("ListProviderHealth"))
              .build();
        }
      }
    }
    return getListProviderHealthMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.pointsman.v1.GetBudgetRequest,
      dev.pointsman.v1.GetBudgetResponse> getGetBudgetMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetBudget",
      requestType = dev.pointsman.v1.GetBudgetRequest.class,
      responseType = dev.pointsman.v1.GetBudgetResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.pointsman.v1.GetBudgetRequest,
      dev.pointsman.v1.GetBudgetResponse> getGetBudgetMethod() {
    io.grpc.MethodDescriptor<dev.pointsman.v1.GetBudgetRequest, dev.pointsman.v1.GetBudgetResponse> getGetBudgetMethod;
    if ((getGetBudgetMethod = AdminServiceGrpc.getGetBudgetMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getGetBudgetMethod = AdminServiceGrpc.getGetBudgetMethod) == null) {
          AdminServiceGrpc.getGetBudgetMethod = getGetBudgetMethod =
              io.grpc.MethodDescriptor.<dev.pointsman.v1.GetBudgetRequest, dev.pointsman.v1.GetBudgetResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetBudget"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.GetBudgetRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.GetBudgetResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("GetBudget"))
              .build();
        }
      }
    }
    return getGetBudgetMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.pointsman.v1.ListBudgetsRequest,
      dev.pointsman.v1.ListBudgetsResponse> getListBudgetsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListBudgets",
      requestType = dev.pointsman.v1.ListBudgetsRequest.class,
      responseType = dev.pointsman.v1.ListBudgetsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.pointsman.v1.ListBudgetsRequest,
      dev.pointsman.v1.ListBudgetsResponse> getListBudgetsMethod() {
    io.grpc.MethodDescriptor<dev.pointsman.v1.ListBudgetsRequest, dev.pointsman.v1.ListBudgetsResponse> getListBudgetsMethod;
    if ((getListBudgetsMethod = AdminServiceGrpc.getListBudgetsMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getListBudgetsMethod = AdminServiceGrpc.getListBudgetsMethod) == null) {
          AdminServiceGrpc.getListBudgetsMethod = getListBudgetsMethod =
              io.grpc.MethodDescriptor.<dev.pointsman.v1.ListBudgetsRequest, dev.pointsman.v1.ListBudgetsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListBudgets"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.ListBudgetsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.ListBudgetsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("ListBudgets"))
              .build();
        }
      }
    }
    return getListBudgetsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.pointsman.v1.ReloadConfigRequest,
      dev.pointsman.v1.ReloadConfigResponse> getReloadConfigMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReloadConfig",
      requestType = dev.pointsman.v1.ReloadConfigRequest.class,
      responseType = dev.pointsman.v1.ReloadConfigResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.pointsman.v1.ReloadConfigRequest,
      dev.pointsman.v1.ReloadConfigResponse> getReloadConfigMethod() {
    io.grpc.MethodDescriptor<dev.pointsman.v1.ReloadConfigRequest, dev.pointsman.v1.ReloadConfigResponse> getReloadConfigMethod;
    if ((getReloadConfigMethod = AdminServiceGrpc.getReloadConfigMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getReloadConfigMethod = AdminServiceGrpc.getReloadConfigMethod) == null) {
          AdminServiceGrpc.getReloadConfigMethod = getReloadConfigMethod =
              io.grpc.MethodDescriptor.<dev.pointsman.v1.ReloadConfigRequest, dev.pointsman.v1.ReloadConfigResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReloadConfig"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.ReloadConfigRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.ReloadConfigResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("ReloadConfig"))
              .build();
        }
      }
    }
    return getReloadConfigMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.pointsman.v1.RollbackConfigRequest,
      dev.pointsman.v1.RollbackConfigResponse> getRollbackConfigMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RollbackConfig",
      requestType = dev.pointsman.v1.RollbackConfigRequest.class,
      responseType = dev.pointsman.v1.RollbackConfigResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.pointsman.v1.RollbackConfigRequest,
      dev.pointsman.v1.RollbackConfigResponse> getRollbackConfigMethod() {
    io.grpc.MethodDescriptor<dev.pointsman.v1.RollbackConfigRequest, dev.pointsman.v1.RollbackConfigResponse> getRollbackConfigMethod;
    if ((getRollbackConfigMethod = AdminServiceGrpc.getRollbackConfigMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getRollbackConfigMethod = AdminServiceGrpc.getRollbackConfigMethod) == null) {
          AdminServiceGrpc.getRollbackConfigMethod = getRollbackConfigMethod =
              io.grpc.MethodDescriptor.<dev.pointsman.v1.RollbackConfigRequest, dev.pointsman.v1.RollbackConfigResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RollbackConfig"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.RollbackConfigRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.RollbackConfigResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("RollbackConfig"))
              .build();
        }
      }
    }
    return getRollbackConfigMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.pointsman.v1.ListConfigActivationsRequest,
      dev.pointsman.v1.ListConfigActivationsResponse> getListConfigActivationsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListConfigActivations",
      requestType = dev.pointsman.v1.ListConfigActivationsRequest.class,
      responseType = dev.pointsman.v1.ListConfigActivationsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.pointsman.v1.ListConfigActivationsRequest,
      dev.pointsman.v1.ListConfigActivationsResponse> getListConfigActivationsMethod() {
    io.grpc.MethodDescriptor<dev.pointsman.v1.ListConfigActivationsRequest, dev.pointsman.v1.ListConfigActivationsResponse> getListConfigActivationsMethod;
    if ((getListConfigActivationsMethod = AdminServiceGrpc.getListConfigActivationsMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getListConfigActivationsMethod = AdminServiceGrpc.getListConfigActivationsMethod) == null) {
          AdminServiceGrpc.getListConfigActivationsMethod = getListConfigActivationsMethod =
              io.grpc.MethodDescriptor.<dev.pointsman.v1.ListConfigActivationsRequest, dev.pointsman.v1.ListConfigActivationsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListConfigActivations"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.ListConfigActivationsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.ListConfigActivationsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("ListConfigActivations"))
              .build();
        }
      }
    }
    return getListConfigActivationsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.pointsman.v1.SimulateRequest,
      dev.pointsman.v1.SimulateResponse> getSimulateMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Simulate",
      requestType = dev.pointsman.v1.SimulateRequest.class,
      responseType = dev.pointsman.v1.SimulateResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.pointsman.v1.SimulateRequest,
      dev.pointsman.v1.SimulateResponse> getSimulateMethod() {
    io.grpc.MethodDescriptor<dev.pointsman.v1.SimulateRequest, dev.pointsman.v1.SimulateResponse> getSimulateMethod;
    if ((getSimulateMethod = AdminServiceGrpc.getSimulateMethod) == null) {
      synchronized (AdminServiceGrpc.class) {
        if ((getSimulateMethod = AdminServiceGrpc.getSimulateMethod) == null) {
          AdminServiceGrpc.getSimulateMethod = getSimulateMethod =
              io.grpc.MethodDescriptor.<dev.pointsman.v1.SimulateRequest, dev.pointsman.v1.SimulateResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Simulate"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.SimulateRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.pointsman.v1.SimulateResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AdminServiceMethodDescriptorSupplier("Simulate"))
              .build();
        }
      }
    }
    return getSimulateMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static AdminServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AdminServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AdminServiceStub>() {
        @java.lang.Override
        public AdminServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AdminServiceStub(channel, callOptions);
        }
      };
    return AdminServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static AdminServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AdminServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AdminServiceBlockingV2Stub>() {
        @java.lang.Override
        public AdminServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AdminServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return AdminServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static AdminServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AdminServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AdminServiceBlockingStub>() {
        @java.lang.Override
        public AdminServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AdminServiceBlockingStub(channel, callOptions);
        }
      };
    return AdminServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static AdminServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AdminServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AdminServiceFutureStub>() {
        @java.lang.Override
        public AdminServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AdminServiceFutureStub(channel, callOptions);
        }
      };
    return AdminServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * For operators and consoles. Where callers are authenticated, every key may list the models
   * that its tenant can use, explain its tenant's decisions, see its tenant's budgets and
   * simulate without config_yaml;
   * everything else is PERMISSION_DENIED without the permission admin.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * The configured models, ordered by id: with the permission admin all, otherwise those that
     * the caller's tenant can use.
     * </pre>
     */
    default void listModels(dev.pointsman.v1.ListModelsRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.ListModelsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListModelsMethod(), responseObserver);
    }

    /**
     * <pre>
     * A past decision, with what came of it. UNKNOWN_DECISION where the ledger has none such;
     * without the permission admin PERMISSION_DENIED for that, as for another tenant's.
     * </pre>
     */
    default void explain(dev.pointsman.v1.ExplainRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.ExplainResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getExplainMethod(), responseObserver);
    }

    /**
     * <pre>
     * State of the providers behind pointsman, as this process has observed it;
     * pointsman's own is grpc.health.v1. Needs the permission admin. For each provider first the provider as
     * a whole, then its models; ordered by provider and model.
     * </pre>
     */
    default void listProviderHealth(dev.pointsman.v1.ListProviderHealthRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.ListProviderHealthResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListProviderHealthMethod(), responseObserver);
    }

    /**
     * <pre>
     * How one budget stands. UNKNOWN_BUDGET where none is called so; without the permission
     * admin PERMISSION_DENIED for that, as for one that counts not only the caller's tenant.
     * </pre>
     */
    default void getBudget(dev.pointsman.v1.GetBudgetRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.GetBudgetResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetBudgetMethod(), responseObserver);
    }

    /**
     * <pre>
     * How all budgets stand, ordered by scope; a budget with several windows once for each.
     * </pre>
     */
    default void listBudgets(dev.pointsman.v1.ListBudgetsRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.ListBudgetsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListBudgetsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reads the configuration file again, validates it, and swaps it in at once. Running
     * requests keep the one they began with; pins, breakers, budgets and latencies are kept.
     * CONFIG_INVALID, with the first ten problems and their paths, leaves everything as it was.
     * </pre>
     */
    default void reloadConfig(dev.pointsman.v1.ReloadConfigRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.ReloadConfigResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReloadConfigMethod(), responseObserver);
    }

    /**
     * <pre>
     * Activates a configuration that was active before. It stays until the file changes, a
     * reload is asked for, or the server starts anew: then the file is read again.
     * </pre>
     */
    default void rollbackConfig(dev.pointsman.v1.RollbackConfigRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.RollbackConfigResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRollbackConfigMethod(), responseObserver);
    }

    /**
     * <pre>
     * Which configurations were active, the newest first.
     * </pre>
     */
    default void listConfigActivations(dev.pointsman.v1.ListConfigActivationsRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.ListConfigActivationsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListConfigActivationsMethod(), responseObserver);
    }

    /**
     * <pre>
     * What would be decided. No provider call, no pin, no spend, no metric, no record.
     * </pre>
     */
    default void simulate(dev.pointsman.v1.SimulateRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.SimulateResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSimulateMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service AdminService.
   * <pre>
   * For operators and consoles. Where callers are authenticated, every key may list the models
   * that its tenant can use, explain its tenant's decisions, see its tenant's budgets and
   * simulate without config_yaml;
   * everything else is PERMISSION_DENIED without the permission admin.
   * </pre>
   */
  public static abstract class AdminServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return AdminServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service AdminService.
   * <pre>
   * For operators and consoles. Where callers are authenticated, every key may list the models
   * that its tenant can use, explain its tenant's decisions, see its tenant's budgets and
   * simulate without config_yaml;
   * everything else is PERMISSION_DENIED without the permission admin.
   * </pre>
   */
  public static final class AdminServiceStub
      extends io.grpc.stub.AbstractAsyncStub<AdminServiceStub> {
    private AdminServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AdminServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AdminServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * The configured models, ordered by id: with the permission admin all, otherwise those that
     * the caller's tenant can use.
     * </pre>
     */
    public void listModels(dev.pointsman.v1.ListModelsRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.ListModelsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListModelsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * A past decision, with what came of it. UNKNOWN_DECISION where the ledger has none such;
     * without the permission admin PERMISSION_DENIED for that, as for another tenant's.
     * </pre>
     */
    public void explain(dev.pointsman.v1.ExplainRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.ExplainResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getExplainMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * State of the providers behind pointsman, as this process has observed it;
     * pointsman's own is grpc.health.v1. Needs the permission admin. For each provider first the provider as
     * a whole, then its models; ordered by provider and model.
     * </pre>
     */
    public void listProviderHealth(dev.pointsman.v1.ListProviderHealthRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.ListProviderHealthResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListProviderHealthMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * How one budget stands. UNKNOWN_BUDGET where none is called so; without the permission
     * admin PERMISSION_DENIED for that, as for one that counts not only the caller's tenant.
     * </pre>
     */
    public void getBudget(dev.pointsman.v1.GetBudgetRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.GetBudgetResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetBudgetMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * How all budgets stand, ordered by scope; a budget with several windows once for each.
     * </pre>
     */
    public void listBudgets(dev.pointsman.v1.ListBudgetsRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.ListBudgetsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListBudgetsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reads the configuration file again, validates it, and swaps it in at once. Running
     * requests keep the one they began with; pins, breakers, budgets and latencies are kept.
     * CONFIG_INVALID, with the first ten problems and their paths, leaves everything as it was.
     * </pre>
     */
    public void reloadConfig(dev.pointsman.v1.ReloadConfigRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.ReloadConfigResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getReloadConfigMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Activates a configuration that was active before. It stays until the file changes, a
     * reload is asked for, or the server starts anew: then the file is read again.
     * </pre>
     */
    public void rollbackConfig(dev.pointsman.v1.RollbackConfigRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.RollbackConfigResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRollbackConfigMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Which configurations were active, the newest first.
     * </pre>
     */
    public void listConfigActivations(dev.pointsman.v1.ListConfigActivationsRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.ListConfigActivationsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListConfigActivationsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * What would be decided. No provider call, no pin, no spend, no metric, no record.
     * </pre>
     */
    public void simulate(dev.pointsman.v1.SimulateRequest request,
        io.grpc.stub.StreamObserver<dev.pointsman.v1.SimulateResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSimulateMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service AdminService.
   * <pre>
   * For operators and consoles. Where callers are authenticated, every key may list the models
   * that its tenant can use, explain its tenant's decisions, see its tenant's budgets and
   * simulate without config_yaml;
   * everything else is PERMISSION_DENIED without the permission admin.
   * </pre>
   */
  public static final class AdminServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<AdminServiceBlockingV2Stub> {
    private AdminServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AdminServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AdminServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * The configured models, ordered by id: with the permission admin all, otherwise those that
     * the caller's tenant can use.
     * </pre>
     */
    public dev.pointsman.v1.ListModelsResponse listModels(dev.pointsman.v1.ListModelsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListModelsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * A past decision, with what came of it. UNKNOWN_DECISION where the ledger has none such;
     * without the permission admin PERMISSION_DENIED for that, as for another tenant's.
     * </pre>
     */
    public dev.pointsman.v1.ExplainResponse explain(dev.pointsman.v1.ExplainRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getExplainMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * State of the providers behind pointsman, as this process has observed it;
     * pointsman's own is grpc.health.v1. Needs the permission admin. For each provider first the provider as
     * a whole, then its models; ordered by provider and model.
     * </pre>
     */
    public dev.pointsman.v1.ListProviderHealthResponse listProviderHealth(dev.pointsman.v1.ListProviderHealthRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListProviderHealthMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * How one budget stands. UNKNOWN_BUDGET where none is called so; without the permission
     * admin PERMISSION_DENIED for that, as for one that counts not only the caller's tenant.
     * </pre>
     */
    public dev.pointsman.v1.GetBudgetResponse getBudget(dev.pointsman.v1.GetBudgetRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetBudgetMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * How all budgets stand, ordered by scope; a budget with several windows once for each.
     * </pre>
     */
    public dev.pointsman.v1.ListBudgetsResponse listBudgets(dev.pointsman.v1.ListBudgetsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListBudgetsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads the configuration file again, validates it, and swaps it in at once. Running
     * requests keep the one they began with; pins, breakers, budgets and latencies are kept.
     * CONFIG_INVALID, with the first ten problems and their paths, leaves everything as it was.
     * </pre>
     */
    public dev.pointsman.v1.ReloadConfigResponse reloadConfig(dev.pointsman.v1.ReloadConfigRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getReloadConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Activates a configuration that was active before. It stays until the file changes, a
     * reload is asked for, or the server starts anew: then the file is read again.
     * </pre>
     */
    public dev.pointsman.v1.RollbackConfigResponse rollbackConfig(dev.pointsman.v1.RollbackConfigRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRollbackConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Which configurations were active, the newest first.
     * </pre>
     */
    public dev.pointsman.v1.ListConfigActivationsResponse listConfigActivations(dev.pointsman.v1.ListConfigActivationsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListConfigActivationsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What would be decided. No provider call, no pin, no spend, no metric, no record.
     * </pre>
     */
    public dev.pointsman.v1.SimulateResponse simulate(dev.pointsman.v1.SimulateRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSimulateMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service AdminService.
   * <pre>
   * For operators and consoles. Where callers are authenticated, every key may list the models
   * that its tenant can use, explain its tenant's decisions, see its tenant's budgets and
   * simulate without config_yaml;
   * everything else is PERMISSION_DENIED without the permission admin.
   * </pre>
   */
  public static final class AdminServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<AdminServiceBlockingStub> {
    private AdminServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AdminServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AdminServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * The configured models, ordered by id: with the permission admin all, otherwise those that
     * the caller's tenant can use.
     * </pre>
     */
    public dev.pointsman.v1.ListModelsResponse listModels(dev.pointsman.v1.ListModelsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListModelsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * A past decision, with what came of it. UNKNOWN_DECISION where the ledger has none such;
     * without the permission admin PERMISSION_DENIED for that, as for another tenant's.
     * </pre>
     */
    public dev.pointsman.v1.ExplainResponse explain(dev.pointsman.v1.ExplainRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getExplainMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * State of the providers behind pointsman, as this process has observed it;
     * pointsman's own is grpc.health.v1. Needs the permission admin. For each provider first the provider as
     * a whole, then its models; ordered by provider and model.
     * </pre>
     */
    public dev.pointsman.v1.ListProviderHealthResponse listProviderHealth(dev.pointsman.v1.ListProviderHealthRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListProviderHealthMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * How one budget stands. UNKNOWN_BUDGET where none is called so; without the permission
     * admin PERMISSION_DENIED for that, as for one that counts not only the caller's tenant.
     * </pre>
     */
    public dev.pointsman.v1.GetBudgetResponse getBudget(dev.pointsman.v1.GetBudgetRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetBudgetMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * How all budgets stand, ordered by scope; a budget with several windows once for each.
     * </pre>
     */
    public dev.pointsman.v1.ListBudgetsResponse listBudgets(dev.pointsman.v1.ListBudgetsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListBudgetsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads the configuration file again, validates it, and swaps it in at once. Running
     * requests keep the one they began with; pins, breakers, budgets and latencies are kept.
     * CONFIG_INVALID, with the first ten problems and their paths, leaves everything as it was.
     * </pre>
     */
    public dev.pointsman.v1.ReloadConfigResponse reloadConfig(dev.pointsman.v1.ReloadConfigRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getReloadConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Activates a configuration that was active before. It stays until the file changes, a
     * reload is asked for, or the server starts anew: then the file is read again.
     * </pre>
     */
    public dev.pointsman.v1.RollbackConfigResponse rollbackConfig(dev.pointsman.v1.RollbackConfigRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRollbackConfigMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Which configurations were active, the newest first.
     * </pre>
     */
    public dev.pointsman.v1.ListConfigActivationsResponse listConfigActivations(dev.pointsman.v1.ListConfigActivationsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListConfigActivationsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What would be decided. No provider call, no pin, no spend, no metric, no record.
     * </pre>
     */
    public dev.pointsman.v1.SimulateResponse simulate(dev.pointsman.v1.SimulateRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSimulateMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service AdminService.
   * <pre>
   * For operators and consoles. Where callers are authenticated, every key may list the models
   * that its tenant can use, explain its tenant's decisions, see its tenant's budgets and
   * simulate without config_yaml;
   * everything else is PERMISSION_DENIED without the permission admin.
   * </pre>
   */
  public static final class AdminServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<AdminServiceFutureStub> {
    private AdminServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AdminServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AdminServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * The configured models, ordered by id: with the permission admin all, otherwise those that
     * the caller's tenant can use.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.pointsman.v1.ListModelsResponse> listModels(
        dev.pointsman.v1.ListModelsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListModelsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * A past decision, with what came of it. UNKNOWN_DECISION where the ledger has none such;
     * without the permission admin PERMISSION_DENIED for that, as for another tenant's.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.pointsman.v1.ExplainResponse> explain(
        dev.pointsman.v1.ExplainRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getExplainMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * State of the providers behind pointsman, as this process has observed it;
     * pointsman's own is grpc.health.v1. Needs the permission admin. For each provider first the provider as
     * a whole, then its models; ordered by provider and model.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.pointsman.v1.ListProviderHealthResponse> listProviderHealth(
        dev.pointsman.v1.ListProviderHealthRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListProviderHealthMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * How one budget stands. UNKNOWN_BUDGET where none is called so; without the permission
     * admin PERMISSION_DENIED for that, as for one that counts not only the caller's tenant.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.pointsman.v1.GetBudgetResponse> getBudget(
        dev.pointsman.v1.GetBudgetRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetBudgetMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * How all budgets stand, ordered by scope; a budget with several windows once for each.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.pointsman.v1.ListBudgetsResponse> listBudgets(
        dev.pointsman.v1.ListBudgetsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListBudgetsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reads the configuration file again, validates it, and swaps it in at once. Running
     * requests keep the one they began with; pins, breakers, budgets and latencies are kept.
     * CONFIG_INVALID, with the first ten problems and their paths, leaves everything as it was.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.pointsman.v1.ReloadConfigResponse> reloadConfig(
        dev.pointsman.v1.ReloadConfigRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getReloadConfigMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Activates a configuration that was active before. It stays until the file changes, a
     * reload is asked for, or the server starts anew: then the file is read again.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.pointsman.v1.RollbackConfigResponse> rollbackConfig(
        dev.pointsman.v1.RollbackConfigRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRollbackConfigMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Which configurations were active, the newest first.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.pointsman.v1.ListConfigActivationsResponse> listConfigActivations(
        dev.pointsman.v1.ListConfigActivationsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListConfigActivationsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * What would be decided. No provider call, no pin, no spend, no metric, no record.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.pointsman.v1.SimulateResponse> simulate(
        dev.pointsman.v1.SimulateRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSimulateMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_MODELS = 0;
  private static final int METHODID_EXPLAIN = 1;
  private static final int METHODID_LIST_PROVIDER_HEALTH = 2;
  private static final int METHODID_GET_BUDGET = 3;
  private static final int METHODID_LIST_BUDGETS = 4;
  private static final int METHODID_RELOAD_CONFIG = 5;
  private static final int METHODID_ROLLBACK_CONFIG = 6;
  private static final int METHODID_LIST_CONFIG_ACTIVATIONS = 7;
  private static final int METHODID_SIMULATE = 8;

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
        case METHODID_LIST_MODELS:
          serviceImpl.listModels((dev.pointsman.v1.ListModelsRequest) request,
              (io.grpc.stub.StreamObserver<dev.pointsman.v1.ListModelsResponse>) responseObserver);
          break;
        case METHODID_EXPLAIN:
          serviceImpl.explain((dev.pointsman.v1.ExplainRequest) request,
              (io.grpc.stub.StreamObserver<dev.pointsman.v1.ExplainResponse>) responseObserver);
          break;
        case METHODID_LIST_PROVIDER_HEALTH:
          serviceImpl.listProviderHealth((dev.pointsman.v1.ListProviderHealthRequest) request,
              (io.grpc.stub.StreamObserver<dev.pointsman.v1.ListProviderHealthResponse>) responseObserver);
          break;
        case METHODID_GET_BUDGET:
          serviceImpl.getBudget((dev.pointsman.v1.GetBudgetRequest) request,
              (io.grpc.stub.StreamObserver<dev.pointsman.v1.GetBudgetResponse>) responseObserver);
          break;
        case METHODID_LIST_BUDGETS:
          serviceImpl.listBudgets((dev.pointsman.v1.ListBudgetsRequest) request,
              (io.grpc.stub.StreamObserver<dev.pointsman.v1.ListBudgetsResponse>) responseObserver);
          break;
        case METHODID_RELOAD_CONFIG:
          serviceImpl.reloadConfig((dev.pointsman.v1.ReloadConfigRequest) request,
              (io.grpc.stub.StreamObserver<dev.pointsman.v1.ReloadConfigResponse>) responseObserver);
          break;
        case METHODID_ROLLBACK_CONFIG:
          serviceImpl.rollbackConfig((dev.pointsman.v1.RollbackConfigRequest) request,
              (io.grpc.stub.StreamObserver<dev.pointsman.v1.RollbackConfigResponse>) responseObserver);
          break;
        case METHODID_LIST_CONFIG_ACTIVATIONS:
          serviceImpl.listConfigActivations((dev.pointsman.v1.ListConfigActivationsRequest) request,
              (io.grpc.stub.StreamObserver<dev.pointsman.v1.ListConfigActivationsResponse>) responseObserver);
          break;
        case METHODID_SIMULATE:
          serviceImpl.simulate((dev.pointsman.v1.SimulateRequest) request,
              (io.grpc.stub.StreamObserver<dev.pointsman.v1.SimulateResponse>) responseObserver);
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
          getListModelsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.pointsman.v1.ListModelsRequest,
              dev.pointsman.v1.ListModelsResponse>(
                service, METHODID_LIST_MODELS)))
        .addMethod(
          getExplainMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.pointsman.v1.ExplainRequest,
              dev.pointsman.v1.ExplainResponse>(
                service, METHODID_EXPLAIN)))
        .addMethod(
          getListProviderHealthMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.pointsman.v1.ListProviderHealthRequest,
              dev.pointsman.v1.ListProviderHealthResponse>(
                service, METHODID_LIST_PROVIDER_HEALTH)))
        .addMethod(
          getGetBudgetMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.pointsman.v1.GetBudgetRequest,
              dev.pointsman.v1.GetBudgetResponse>(
                service, METHODID_GET_BUDGET)))
        .addMethod(
          getListBudgetsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.pointsman.v1.ListBudgetsRequest,
              dev.pointsman.v1.ListBudgetsResponse>(
                service, METHODID_LIST_BUDGETS)))
        .addMethod(
          getReloadConfigMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.pointsman.v1.ReloadConfigRequest,
              dev.pointsman.v1.ReloadConfigResponse>(
                service, METHODID_RELOAD_CONFIG)))
        .addMethod(
          getRollbackConfigMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.pointsman.v1.RollbackConfigRequest,
              dev.pointsman.v1.RollbackConfigResponse>(
                service, METHODID_ROLLBACK_CONFIG)))
        .addMethod(
          getListConfigActivationsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.pointsman.v1.ListConfigActivationsRequest,
              dev.pointsman.v1.ListConfigActivationsResponse>(
                service, METHODID_LIST_CONFIG_ACTIVATIONS)))
        .addMethod(
          getSimulateMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.pointsman.v1.SimulateRequest,
              dev.pointsman.v1.SimulateResponse>(
                service, METHODID_SIMULATE)))
        .build();
  }

  private static abstract class AdminServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    AdminServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.pointsman.v1.AdminServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("AdminService");
    }
  }

  private static final class AdminServiceFileDescriptorSupplier
      extends AdminServiceBaseDescriptorSupplier {
    AdminServiceFileDescriptorSupplier() {}
  }

  private static final class AdminServiceMethodDescriptorSupplier
      extends AdminServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    AdminServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (AdminServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new AdminServiceFileDescriptorSupplier())
              .addMethod(getListModelsMethod())
              .addMethod(getExplainMethod())
              .addMethod(getListProviderHealthMethod())
              .addMethod(getGetBudgetMethod())
              .addMethod(getListBudgetsMethod())
              .addMethod(getReloadConfigMethod())
              .addMethod(getRollbackConfigMethod())
              .addMethod(getListConfigActivationsMethod())
              .addMethod(getSimulateMethod())
              .build();
        }
      }
    }
    return result;
  }
}
