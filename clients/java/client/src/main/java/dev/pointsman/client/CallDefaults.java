package dev.pointsman.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;

/** Gives every call a key, and a deadline where it has none. */
final class CallDefaults implements ClientInterceptor {

  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final String authorization;

  CallDefaults(String apiKey) {
    this.authorization = apiKey.isEmpty() ? "" : "Bearer " + apiKey;
  }

  @Override
  public <ReqT, RespT> ClientCall<ReqT, RespT> interceptCall(
      MethodDescriptor<ReqT, RespT> method, CallOptions options, Channel next) {
    // Most streams that nobody reads any more end by their deadline only.
    CallOptions limited =
        options.getDeadline() != null
            ? options
            : options.withDeadlineAfter(PointsmanClient.DEFAULT_TIMEOUT);
    ClientCall<ReqT, RespT> call = next.newCall(method, limited);
    return authorization.isEmpty() ? call : new Authorized<>(call, authorization);
  }

  private static final class Authorized<ReqT, RespT>
      extends SimpleForwardingClientCall<ReqT, RespT> {

    private final String authorization;

    Authorized(ClientCall<ReqT, RespT> call, String authorization) {
      super(call);
      this.authorization = authorization;
    }

    @Override
    public void start(Listener<RespT> listener, Metadata headers) {
      headers.put(AUTHORIZATION, authorization);
      super.start(listener, headers);
    }
  }
}
