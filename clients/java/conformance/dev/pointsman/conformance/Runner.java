package dev.pointsman.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.pointsman.client.CompleteStream;
import dev.pointsman.client.Messages;
import dev.pointsman.client.PointsmanClient;
import dev.pointsman.client.PointsmanException;
import dev.pointsman.client.RequestOptions;
import dev.pointsman.v1.CompleteRequest;
import dev.pointsman.v1.CompleteResponse;
import dev.pointsman.v1.CompleteUnaryRequest;
import dev.pointsman.v1.CompletionInput;
import dev.pointsman.v1.RestartPolicy;
import dev.pointsman.v1.RouteRequest;
import dev.pointsman.v1.RoutingHints;
import dev.pointsman.v1.StreamOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Does the calls of a file, one after the other on one client, and prints a line of JSON for each
 * that says what came. The suite's README has both formats.
 */
final class Runner {

  // As in the file: null is null there too.
  private record Call(
      String name,
      String call,
      String prompt,
      String task,
      String requestId,
      boolean restart,
      boolean notices,
      boolean reasoning,
      boolean finalMessage,
      Long deadlineMs,
      Stop stop) {

    CompletionInput input() {
      return CompletionInput.newBuilder().addMessages(Messages.user(prompt)).build();
    }

    Optional<RoutingHints> hints() {
      return task.isEmpty()
          ? Optional.empty()
          : Optional.of(RoutingHints.newBuilder().setTask(task).build());
    }

    boolean stopsAfter(int count) {
      return stop != null && stop.after() == count;
    }
  }

  private record Stop(String how, int after) {}

  private static final Gson JSON =
      new GsonBuilder()
          .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
          .serializeNulls()
          .disableHtmlEscaping()
          .create();

  private final PointsmanClient client;

  private Runner(PointsmanClient client) {
    this.client = client;
  }

  public static void main(String[] args) throws IOException {
    if (args.length != 2) {
      System.err.println("usage: runner TARGET CALLS.json");
      System.exit(2);
    }
    Call[] calls = JSON.fromJson(Files.readString(Path.of(args[1])), Call[].class);
    PrintStream out = new PrintStream(System.out, true, UTF_8);
    try (PointsmanClient client = PointsmanClient.builder(args[0]).plaintext().build()) {
      Runner runner = new Runner(client);
      for (Call call : calls) {
        out.println(JSON.toJson(runner.run(call).line()));
      }
    }
  }

  private Seen run(Call call) {
    Seen seen = new Seen(call.name());
    RequestOptions options = RequestOptions.DEFAULTS;
    if (call.deadlineMs() != null) {
      options = options.withTimeout(Duration.ofMillis(call.deadlineMs()));
    }
    try {
      switch (call.call()) {
        case "route" -> seen.decision(client.route(route(call), options).getDecision());
        case "complete_unary" -> seen.whole(client.completeUnary(unary(call), options));
        case "complete" -> read(call, options, seen);
        default -> throw new IllegalArgumentException("there is no call " + call.call());
      }
    } catch (PointsmanException e) {
      seen.failed(e);
    }
    return seen;
  }

  private void read(Call call, RequestOptions options, Seen seen) {
    // An abandoned one is left open on purpose, and so not in a try-with-resources.
    CompleteStream stream = client.complete(complete(call), options);
    try {
      if (call.stopsAfter(0)) {
        stream.cancel();
      }
      int count = 0;
      for (CompleteResponse event : stream) {
        seen.event(event);
        count++;
        if (call.stopsAfter(count)) {
          if (!call.stop().how().equals("cancel")) {
            break;
          }
          stream.cancel();
        }
      }
    } finally {
      seen.answer(stream.answer());
      if (call.stop() == null || !call.stop().how().equals("abandon")) {
        stream.close();
      }
    }
  }

  private static CompleteRequest complete(Call call) {
    CompleteRequest.Builder request =
        CompleteRequest.newBuilder().setRequestId(call.requestId()).setInput(call.input());
    call.hints().ifPresent(request::setHints);
    StreamOptions options =
        StreamOptions.newBuilder()
            .setRestartPolicy(
                call.restart()
                    ? RestartPolicy.RESTART_POLICY_ALLOW
                    : RestartPolicy.RESTART_POLICY_UNSPECIFIED)
            .setIncludeNotices(call.notices())
            .setIncludeReasoning(call.reasoning())
            .setIncludeFinalMessage(call.finalMessage())
            .build();
    if (!options.equals(StreamOptions.getDefaultInstance())) {
      request.setStreamOptions(options);
    }
    return request.build();
  }

  private static CompleteUnaryRequest unary(Call call) {
    CompleteUnaryRequest.Builder request =
        CompleteUnaryRequest.newBuilder()
            .setRequestId(call.requestId())
            .setInput(call.input())
            .setIncludeReasoning(call.reasoning());
    call.hints().ifPresent(request::setHints);
    return request.build();
  }

  private static RouteRequest route(Call call) {
    RouteRequest.Builder request =
        RouteRequest.newBuilder().setRequestId(call.requestId()).setInput(call.input());
    call.hints().ifPresent(request::setHints);
    return request.build();
  }
}
