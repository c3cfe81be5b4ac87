package dev.pointsman.example;

import dev.pointsman.client.Answer;
import dev.pointsman.client.CompleteStream;
import dev.pointsman.client.Messages;
import dev.pointsman.client.PointsmanClient;
import dev.pointsman.client.PointsmanException;
import dev.pointsman.client.RequestOptions;
import dev.pointsman.v1.CompleteRequest;
import dev.pointsman.v1.CompleteResponse;
import dev.pointsman.v1.CompletionInput;
import dev.pointsman.v1.Decision;
import dev.pointsman.v1.RouteRequest;
import java.time.Duration;

/** Asks where a prompt would go, has it answered within a deadline, and ends an answer early. */
final class RouteAndComplete {

  private static final RequestOptions PATIENCE =
      RequestOptions.DEFAULTS.withTimeout(Duration.ofSeconds(30));

  private final PointsmanClient client;
  private final CompletionInput input;

  private RouteAndComplete(PointsmanClient client, String prompt) {
    this.client = client;
    this.input = CompletionInput.newBuilder().addMessages(Messages.user(prompt)).build();
  }

  public static void main(String[] args) {
    if (args.length != 2) {
      System.err.println("usage: example/run HOST:PORT PROMPT");
      System.exit(2);
    }
    try (PointsmanClient client = PointsmanClient.builder(args[0]).plaintext().build()) {
      RouteAndComplete example = new RouteAndComplete(client, args[1]);
      example.route();
      example.complete();
      example.stopEarly();
    } catch (PointsmanException e) {
      System.err.println(e.getMessage());
      e.retryDelay().ifPresent(delay -> System.err.println("Try again in " + delay));
      System.exit(1);
    }
  }

  private void route() {
    RouteRequest request = RouteRequest.newBuilder().setInput(input).build();
    Decision decision = client.route(request, PATIENCE).getDecision();
    System.out.printf("Would go to %s: %s%n", decision.getModel(), decision.getReason());
  }

  private void complete() {
    try (CompleteStream events = client.complete(request(), PATIENCE)) {
      for (CompleteResponse event : events) {
        System.out.print(event.getTextDelta().getText());
        System.out.flush();
      }
      Answer answer = events.answer();
      System.out.printf(
          "%n%s, %d nano-USD%n",
          answer.isComplete() ? "Complete" : "Not complete",
          answer.usage().map(usage -> usage.getCost().getTotalNanoUsd()).orElse(0L));
    }
  }

  private void stopEarly() {
    try (CompleteStream events = client.complete(request(), PATIENCE)) {
      for (CompleteResponse event : events) {
        if (event.hasTextDelta()) {
          System.out.printf("Stopped after \"%s\"%n", event.getTextDelta().getText());
          // Leaving closes the stream, which cancels the call, and the provider's with it.
          break;
        }
      }
    }
  }

  private CompleteRequest request() {
    return CompleteRequest.newBuilder().setInput(input).build();
  }
}
