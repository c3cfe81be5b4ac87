package dev.pointsman.client;

import static java.util.Objects.requireNonNull;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.pointsman.v1.CompleteRequest;
import dev.pointsman.v1.CompleteResponse;
import dev.pointsman.v1.CompleteUnaryRequest;
import dev.pointsman.v1.CompleteUnaryResponse;
import dev.pointsman.v1.RouteRequest;
import dev.pointsman.v1.RouteResponse;
import dev.pointsman.v1.RouterServiceGrpc;
import dev.pointsman.v1.RouterServiceGrpc.RouterServiceBlockingStub;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import java.time.Duration;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One connection to a server, for any number of threads and calls at once.
 *
 * <pre>{@code
 * try (PointsmanClient client = PointsmanClient.builder("router.example:443").apiKey(key).build();
 *     CompleteStream events = client.complete(request)) {
 *   for (CompleteResponse event : events) {
 *     System.out.print(event.getTextDelta().getText());
 *   }
 *   ChatMessage message = events.answer().message();
 * }
 * }</pre>
 *
 * <p>Every call has a deadline, {@link #DEFAULT_TIMEOUT} unless {@link RequestOptions} or the
 * current {@link Context} sets an earlier one, and fails with a {@link PointsmanException}. It is
 * cancelled where the current {@link Context} is, or the thread that waits for it is interrupted;
 * both give {@code CANCELLED}. A call that the server had no time for is tried three times in all.
 */
public final class PointsmanClient implements AutoCloseable {

  /** What a call may take where nobody says otherwise. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(2);

  private static final Duration PATIENCE_AT_CLOSE = Duration.ofSeconds(5);

  private final ManagedChannel connection;
  private final Channel channel;

  private PointsmanClient(ManagedChannel connection, String apiKey) {
    this.connection = connection;
    this.channel = ClientInterceptors.intercept(connection, new CallDefaults(apiKey));
  }

  /**
   * Begins a client of the server at {@code target}, which is {@code HOST:PORT} or another name of
   * gRPC's, such as {@code dns:///HOST:PORT}.
   */
  public static Builder builder(String target) {
    return new Builder(target);
  }

  /** Decides, and runs nothing. */
  public RouteResponse route(RouteRequest request) {
    return route(request, RequestOptions.DEFAULTS);
  }

  /** Decides, and runs nothing. */
  public RouteResponse route(RouteRequest request, RequestOptions options) {
    return unary(options, stub -> stub.route(request));
  }

  /** Decides, runs, and waits for the whole answer. */
  public CompleteUnaryResponse completeUnary(CompleteUnaryRequest request) {
    return completeUnary(request, RequestOptions.DEFAULTS);
  }

  /** Decides, runs, and waits for the whole answer. */
  public CompleteUnaryResponse completeUnary(CompleteUnaryRequest request, RequestOptions options) {
    return unary(options, stub -> stub.completeUnary(request));
  }

  /** Decides, runs and streams. Close the stream, so that leaving early cancels the call. */
  public CompleteStream complete(CompleteRequest request) {
    return complete(request, RequestOptions.DEFAULTS);
  }

  /** Decides, runs and streams. Close the stream, so that leaving early cancels the call. */
  public CompleteStream complete(CompleteRequest request, RequestOptions options) {
    // No thread of a pool has to be free for a reader to go on, whatever the executor is.
    CallOptions direct = options.apply(CallOptions.DEFAULT).withExecutor(Runnable::run);
    return CompleteStream.begin(
        channel.newCall(RouterServiceGrpc.getCompleteMethod(), direct), request, options.headers());
  }

  /** As {@link #publish(CompleteRequest, RequestOptions)}, with no options. */
  public Flow.Publisher<CompleteResponse> publish(CompleteRequest request) {
    return publish(request, RequestOptions.DEFAULTS);
  }

  /**
   * Decides, runs and streams, to one subscriber, as fast as it asks for events and no faster. The
   * call begins when it subscribes, and cancelling its subscription cancels the call. Its methods
   * are called by the channel's executor, one at a time; they may feed an {@link Answer}.
   */
  public Flow.Publisher<CompleteResponse> publish(CompleteRequest request, RequestOptions options) {
    requireNonNull(request, "request");
    requireNonNull(options, "options");
    return new CompletePublisher(channel, request, options);
  }

  /**
   * What the calls go over, with key and deadline, for the stubs of the services and methods that
   * have no method here. Their calls fail with gRPC's own exceptions; {@link
   * PointsmanException#from} has what is in them.
   */
  public Channel channel() {
    return channel;
  }

  /** Closes the connection, and cancels whatever still runs on it. */
  @Override
  public void close() {
    connection.shutdownNow();
    try {
      connection.awaitTermination(PATIENCE_AT_CLOSE.toSeconds(), SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private <T> T unary(RequestOptions options, Function<RouterServiceBlockingStub, T> call) {
    try {
      return call.apply(stub(options));
    } catch (StatusRuntimeException e) {
      throw PointsmanException.from(e);
    }
  }

  private RouterServiceBlockingStub stub(RequestOptions options) {
    return options.apply(RouterServiceGrpc.newBlockingStub(channel));
  }

  /** Says how a client reaches its server: over TLS, unless told otherwise. */
  public static final class Builder {

    private final String target;
    private String apiKey = "";
    private ChannelCredentials credentials;
    private boolean plaintext;
    private boolean keyInTheClear;
    private Consumer<ManagedChannelBuilder<?>> more = channel -> {};

    private Builder(String target) {
      this.target = requireNonNull(target, "target");
    }

    /** The API key that each call brings. Empty, which is the default: none. */
    public Builder apiKey(String apiKey) {
      this.apiKey = requireNonNull(apiKey, "apiKey");
      return this;
    }

    /** Authorities or a client's certificate of your own, instead of the system's authorities. */
    public Builder credentials(ChannelCredentials credentials) {
      this.credentials = requireNonNull(credentials, "credentials");
      return this;
    }

    /** Turns TLS off. An API key then goes to this machine only. */
    public Builder plaintext() {
      plaintext = true;
      return this;
    }

    /** Lets the network see the API key, where there is no TLS. */
    public Builder keyInTheClear() {
      keyInTheClear = true;
      return this;
    }

    /**
     * Has the last word on gRPC's own settings, such as the executor of {@link
     * #publish(CompleteRequest)}.
     */
    public Builder configure(Consumer<ManagedChannelBuilder<?>> settings) {
      more = more.andThen(requireNonNull(settings, "settings"));
      return this;
    }

    /**
     * Makes the client. It connects with its first call.
     *
     * @throws IllegalStateException where the network would see the API key, or the credentials are
     *     of no use
     */
    public PointsmanClient build() {
      return build(Grpc.newChannelBuilder(target, checkedCredentials()));
    }

    // For tests without a network.
    PointsmanClient build(ManagedChannelBuilder<?> channel) {
      ChannelDefaults.apply(channel);
      more.accept(channel);
      return new PointsmanClient(channel.build(), apiKey);
    }

    private ChannelCredentials checkedCredentials() {
      if (!plaintext) {
        return credentials != null ? credentials : TlsChannelCredentials.create();
      }
      if (credentials != null) {
        throw new IllegalStateException(
            "credentials are of no use without TLS: leave out either them or plaintext()");
      }
      if (!apiKey.isEmpty() && !keyInTheClear && !Targets.isThisMachine(target)) {
        throw new IllegalStateException(
            "a key for "
                + target
                + " would go over the network in plaintext: use TLS, or say keyInTheClear() where"
                + " the network may see it");
      }
      return InsecureChannelCredentials.create();
    }
  }
}
