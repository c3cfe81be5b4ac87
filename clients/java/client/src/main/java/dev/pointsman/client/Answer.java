package dev.pointsman.client;

import static java.util.stream.Collectors.joining;

import dev.pointsman.v1.ChatMessage;
import dev.pointsman.v1.CompleteResponse;
import dev.pointsman.v1.ContentPart;
import dev.pointsman.v1.Decision;
import dev.pointsman.v1.Finish;
import dev.pointsman.v1.OutputReset;
import dev.pointsman.v1.ProviderState;
import dev.pointsman.v1.ReasoningDelta;
import dev.pointsman.v1.ReasoningPart;
import dev.pointsman.v1.Role;
import dev.pointsman.v1.RouteNotice;
import dev.pointsman.v1.TextDelta;
import dev.pointsman.v1.ToolCall;
import dev.pointsman.v1.ToolCallDelta;
import dev.pointsman.v1.UsageReport;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the events of a stream add up to. A reset drops what was said of the answer before it. Not
 * for several threads at once.
 */
public final class Answer {

  private final SortedMap<PartKey, Part> parts = new TreeMap<>();
  private final List<RouteNotice> notices = new ArrayList<>();
  private final List<OutputReset> resets = new ArrayList<>();
  private int generation;
  private boolean ended;
  private Optional<Decision> decision = Optional.empty();
  private Optional<UsageReport> usage = Optional.empty();
  private Optional<Finish> finish = Optional.empty();

  /** Takes one event in. Members that this client does not know are skipped. */
  public void feed(CompleteResponse event) {
    if (event.getGeneration() > generation) {
      generation = event.getGeneration();
      parts.clear();
    }
    switch (event.getEventCase()) {
      case TEXT_DELTA -> part(event).extend(event.getTextDelta());
      case REASONING_DELTA -> part(event).extend(event.getReasoningDelta());
      case TOOL_CALL_DELTA -> part(event).extend(event.getToolCallDelta());
      case DECISION -> decision = Optional.of(event.getDecision());
      case NOTICE -> notices.add(event.getNotice());
      case RESET -> resets.add(event.getReset());
      case USAGE -> usage = Optional.of(event.getUsage());
      case FINISH -> finish = Optional.of(event.getFinish());
      case HEARTBEAT, EVENT_NOT_SET -> {}
    }
  }

  /** Takes in that the stream ended with the status OK. */
  public void end() {
    ended = true;
  }

  /** Whether this is a whole answer: one with a finish, whose stream then ended well. */
  public boolean isComplete() {
    return ended && finish.isPresent();
  }

  /** The highest generation yet, of which the text, reasoning and tool calls are; 0: no event. */
  public int generation() {
    return generation;
  }

  /** All text so far. */
  public String text() {
    return contents().stream()
        .filter(ContentPart::hasText)
        .map(ContentPart::getText)
        .collect(joining());
  }

  /** All reasoning so far, where it was asked for. */
  public String reasoning() {
    return contents().stream()
        .filter(ContentPart::hasReasoning)
        .map(part -> part.getReasoning().getText())
        .collect(joining());
  }

  /** The calls so far. Their arguments are to be parsed only when the answer is complete. */
  public List<ToolCall> toolCalls() {
    return contents().stream()
        .filter(ContentPart::hasToolCall)
        .map(ContentPart::getToolCall)
        .toList();
  }

  /** The decision, once it has come. */
  public Optional<Decision> decision() {
    return decision;
  }

  /** The notices so far, where they were asked for. */
  public List<RouteNotice> notices() {
    return Collections.unmodifiableList(notices);
  }

  /** The resets so far, where they were allowed. */
  public List<OutputReset> resets() {
    return Collections.unmodifiableList(resets);
  }

  /** What it took and cost, once that has come. */
  public Optional<UsageReport> usage() {
    return usage;
  }

  /** Why the model stopped, once it has. */
  public Optional<Finish> finish() {
    return finish;
  }

  /**
   * The assistant's message, to be appended to the conversation as it is, with what its provider
   * wants back.
   */
  public ChatMessage message() {
    return ChatMessage.newBuilder().setRole(Role.ROLE_ASSISTANT).addAllParts(contents()).build();
  }

  private List<ContentPart> contents() {
    return parts.values().stream().map(Part::content).toList();
  }

  private Part part(CompleteResponse event) {
    PartKey key = new PartKey(event.getPartIndex(), event.getEventCase());
    return parts.computeIfAbsent(key, unused -> new Part(event.getEventCase()));
  }

  private record PartKey(int index, CompleteResponse.EventCase kind)
      implements Comparable<PartKey> {

    private static final Comparator<PartKey> ORDER =
        Comparator.comparingInt(PartKey::index).thenComparing(PartKey::kind);

    @Override
    public int compareTo(PartKey other) {
      return ORDER.compare(this, other);
    }
  }

  /** A content part as far as it has come. */
  private static final class Part {

    private final CompleteResponse.EventCase kind;
    private final StringBuilder text = new StringBuilder();
    private String id = "";
    private String name = "";
    private Optional<ProviderState> state = Optional.empty();

    Part(CompleteResponse.EventCase kind) {
      this.kind = kind;
    }

    void extend(TextDelta delta) {
      extend(delta.getText(), delta.hasProviderState(), delta.getProviderState());
    }

    void extend(ReasoningDelta delta) {
      extend(delta.getText(), delta.hasProviderState(), delta.getProviderState());
    }

    void extend(ToolCallDelta delta) {
      id = id.isEmpty() ? delta.getId() : id;
      name = name.isEmpty() ? delta.getName() : name;
      extend(delta.getArgumentsJsonFragment(), delta.hasProviderState(), delta.getProviderState());
    }

    ContentPart content() {
      ContentPart.Builder part = ContentPart.newBuilder();
      switch (kind) {
        case TOOL_CALL_DELTA ->
            part.getToolCallBuilder().setId(id).setName(name).setArgumentsJson(text.toString());
        case REASONING_DELTA ->
            part.setReasoning(ReasoningPart.newBuilder().setText(text.toString()));
        default -> part.setText(text.toString());
      }
      state.ifPresent(part::setProviderState);
      return part.build();
    }

    private void extend(String more, boolean hasState, ProviderState newest) {
      text.append(more);
      if (hasState) {
        state = Optional.of(newest);
      }
    }
  }
}
