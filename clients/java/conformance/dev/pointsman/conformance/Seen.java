package dev.pointsman.conformance;

import static java.util.stream.Collectors.joining;

import dev.pointsman.client.Answer;
import dev.pointsman.client.PointsmanException;
import dev.pointsman.v1.ChatMessage;
import dev.pointsman.v1.CompleteResponse;
import dev.pointsman.v1.CompleteUnaryResponse;
import dev.pointsman.v1.ContentPart;
import dev.pointsman.v1.Decision;
import dev.pointsman.v1.Finish;
import dev.pointsman.v1.FinishReason;
import dev.pointsman.v1.NoticeKind;
import dev.pointsman.v1.ResetReason;
import dev.pointsman.v1.UsageReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What came of one call, as the line that is printed of it. */
final class Seen {

  private final SortedMap<String, Object> line = new TreeMap<>();
  private final List<String> events = new ArrayList<>();
  private int count;
  private boolean seqOk = true;

  Seen(String name) {
    line.put("name", name);
    line.put("generation", 0);
    line.put("text", "");
    line.put("reasoning", "");
    line.put("tool_calls", List.of());
    line.put("notices", List.of());
    line.put("resets", List.of());
    line.put("model", "");
    line.put("cost_nano_usd", "");
    line.put("attempts", 0);
    line.put("finish", "");
    line.put("message_text", "");
    line.put("complete", false);
    line.put("error", null);
  }

  SortedMap<String, Object> line() {
    line.put("events", events);
    line.put("count", count);
    line.put("seq_ok", seqOk);
    return line;
  }

  void event(CompleteResponse event) {
    String name =
        switch (event.getEventCase()) {
          case EVENT_NOT_SET -> "unknown";
          default -> event.getEventCase().name().toLowerCase(Locale.ROOT);
        };
    if (events.isEmpty() || !events.get(events.size() - 1).equals(name)) {
      events.add(name);
    }
    count++;
    seqOk = seqOk && event.getSeq() == count;
  }

  void answer(Answer answer) {
    line.put("generation", answer.generation());
    line.put("text", answer.text());
    line.put("reasoning", answer.reasoning());
    line.put(
        "tool_calls",
        answer.toolCalls().stream()
            .map(
                call ->
                    sorted(
                        Map.of(
                            "id", call.getId(),
                            "name", call.getName(),
                            "arguments", call.getArgumentsJson())))
            .toList());
    line.put(
        "notices",
        answer.notices().stream()
            .map(notice -> notice.getKindValue())
            .map(kind -> word("NOTICE_KIND_", NoticeKind.forNumber(kind), kind))
            .toList());
    line.put(
        "resets",
        answer.resets().stream()
            .map(reset -> reset.getReasonValue())
            .map(reason -> word("RESET_REASON_", ResetReason.forNumber(reason), reason))
            .toList());
    answer.decision().ifPresent(this::decision);
    answer.usage().ifPresent(this::usage);
    answer.finish().ifPresent(this::finish);
    answer.finish().ifPresent(finish -> message(finish.getMessage()));
    line.put("complete", answer.isComplete());
  }

  void whole(CompleteUnaryResponse response) {
    decision(response.getDecision());
    message(response.getMessage());
    if (response.hasUsage()) {
      usage(response.getUsage());
    }
    if (response.hasFinish()) {
      finish(response.getFinish());
    }
    line.put("complete", response.hasFinish());
  }

  void decision(Decision decision) {
    line.put("model", decision.getModel());
  }

  void failed(PointsmanException failure) {
    line.put("error", error(failure));
  }

  private void usage(UsageReport usage) {
    line.put("cost_nano_usd", Long.toString(usage.getCost().getTotalNanoUsd()));
    line.put("attempts", usage.getAttemptsCount());
  }

  private void finish(Finish finish) {
    int reason = finish.getReasonValue();
    line.put("finish", word("FINISH_REASON_", FinishReason.forNumber(reason), reason));
  }

  private void message(ChatMessage message) {
    line.put(
        "message_text",
        message.getPartsList().stream()
            .filter(ContentPart::hasText)
            .map(ContentPart::getText)
            .collect(joining()));
  }

  private static SortedMap<String, Object> error(PointsmanException failure) {
    SortedMap<String, Object> error = new TreeMap<>();
    error.put("code", failure.code().name());
    error.put("reason", failure.reason());
    error.put("message", failure.description());
    error.put("metadata", sorted(failure.metadata()));
    error.put("retry_delay_ms", failure.retryDelay().map(Duration::toMillis).orElse(null));
    error.put("output_started", failure.outputStarted().orElse(null));
    error.put(
        "violations",
        failure.fieldViolations().stream()
            .map(
                violation ->
                    sorted(
                        Map.of(
                            "field", violation.getField(),
                            "description", violation.getDescription())))
            .toList());
    return error;
  }

  private static String word(String prefix, Enum<?> known, int number) {
    return known == null ? Integer.toString(number) : known.name().substring(prefix.length());
  }

  private static SortedMap<String, String> sorted(Map<String, String> map) {
    return new TreeMap<>(map);
  }
}
