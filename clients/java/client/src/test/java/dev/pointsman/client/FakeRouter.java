package dev.pointsman.client;

import dev.pointsman.v1.CompleteRequest;
import dev.pointsman.v1.CompleteResponse;
import dev.pointsman.v1.CompleteUnaryRequest;
import dev.pointsman.v1.CompleteUnaryResponse;
import dev.pointsman.v1.Decision;
import dev.pointsman.v1.Finish;
import dev.pointsman.v1.RouteRequest;
import dev.pointsman.v1.RouteResponse;
import dev.pointsman.v1.RouterServiceGrpc;
import dev.pointsman.v1.TextDelta;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/** A server that does with a call whatever a test wants. */
final class FakeRouter extends RouterServiceGrpc.RouterServiceImplBase
    implements ServerInterceptor, AutoCloseable {

  /** What came with each call, in order. */
  final BlockingQueue<Metadata> headers = new LinkedBlockingQueue<>();

  /** How long the latest call had. */
  final BlockingQueue<Deadline> deadlines = new LinkedBlockingQueue<>();

  /** Done once a call was cancelled. */
  final CompletableFuture<Void> cancelled = new CompletableFuture<>();

  /** What calls fail with that are answered in one message. Null: they do not. */
  volatile StatusException unavailable;

  private final Consumer<ServerCallStreamObserver<CompleteResponse>> script;
  private final String name;
  private final Server server;

  private FakeRouter(
      Consumer<ServerCallStreamObserver<CompleteResponse>> script,
      String name,
      ServerBuilder<?> builder)
      throws IOException {
    this.script = script;
    this.name = name;
    this.server = builder.addService(this).intercept(this).build().start();
  }

  /** One in this process, without a network. */
  static FakeRouter inProcess(Consumer<ServerCallStreamObserver<CompleteResponse>> script)
      throws IOException {
    String name = InProcessServerBuilder.generateName();
    return new FakeRouter(script, name, InProcessServerBuilder.forName(name));
  }

  /** One on a port of its own. */
  static FakeRouter onLoopback(Consumer<ServerCallStreamObserver<CompleteResponse>> script)
      throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return new FakeRouter(script, "", NettyServerBuilder.forAddress(any));
  }

  /** Says these, and that was all. */
  static Consumer<ServerCallStreamObserver<CompleteResponse>> says(CompleteResponse... events) {
    return call -> {
      for (CompleteResponse event : events) {
        call.onNext(event);
      }
      call.onCompleted();
    };
  }

  /** Says these, and then nothing, until the caller is gone. */
  static Consumer<ServerCallStreamObserver<CompleteResponse>> holdsAfter(
      CompleteResponse... events) {
    return call -> {
      for (CompleteResponse event : events) {
        call.onNext(event);
      }
    };
  }

  /** Fails so. */
  static Consumer<ServerCallStreamObserver<CompleteResponse>> fails(Throwable failure) {
    return call -> call.onError(failure);
  }

  static CompleteResponse text(String text) {
    return event().setTextDelta(TextDelta.newBuilder().setText(text)).build();
  }

  static CompleteResponse finish() {
    return event().setFinish(Finish.getDefaultInstance()).build();
  }

  static CompleteResponse.Builder event() {
    return CompleteResponse.newBuilder().setGeneration(1);
  }

  String target() {
    return "127.0.0.1:" + server.getPort();
  }

  /** A client of this server. */
  PointsmanClient client() {
    return client(PointsmanClient.builder(name.isEmpty() ? target() : name));
  }

  /** A client of this server, with what else it was told. */
  PointsmanClient client(PointsmanClient.Builder builder) {
    return name.isEmpty()
        ? builder.plaintext().build()
        : builder.build(InProcessChannelBuilder.forName(name));
  }

  @Override
  public <ReqT, RespT> ServerCall.Listener<ReqT> interceptCall(
      ServerCall<ReqT, RespT> call, Metadata metadata, ServerCallHandler<ReqT, RespT> next) {
    headers.add(metadata);
    deadlines.add(Context.current().getDeadline());
    return next.startCall(call, metadata);
  }

  @Override
  public void route(RouteRequest request, StreamObserver<RouteResponse> call) {
    if (unavailable != null) {
      call.onError(unavailable);
      return;
    }
    Decision decision = Decision.newBuilder().setModel("nano").build();
    call.onNext(RouteResponse.newBuilder().setDecision(decision).build());
    call.onCompleted();
  }

  @Override
  public void completeUnary(
      CompleteUnaryRequest request, StreamObserver<CompleteUnaryResponse> call) {
    if (unavailable != null) {
      call.onError(unavailable);
      return;
    }
    call.onNext(
        CompleteUnaryResponse.newBuilder()
            .setMessage(request.getInput().getMessages(0))
            .setFinish(Finish.getDefaultInstance())
            .build());
    call.onCompleted();
  }

  @Override
  public void complete(CompleteRequest request, StreamObserver<CompleteResponse> observer) {
    ServerCallStreamObserver<CompleteResponse> call =
        (ServerCallStreamObserver<CompleteResponse>) observer;
    call.setOnCancelHandler(() -> cancelled.complete(null));
    script.accept(call);
  }

  @Override
  public void close() {
    server.shutdownNow();
    try {
      server.awaitTermination();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
