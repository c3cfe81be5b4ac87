package dev.pointsman.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
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
import java.util.List;
import org.junit.jupiter.api.Test;

class AnswerTest {

  private static final ProviderState STATE =
      ProviderState.newBuilder()
          .setProvider("openai")
          .setData(ByteString.fromHex("0001ff"))
          .build();

  private final Answer answer = new Answer();

  @Test
  void partsAreConcatenatedByTheirIndexWhicheverBeginsFirst() {
    answer.feed(part(2).setToolCallDelta(call("call-2", "time", "{")).build());
    answer.feed(part(1).setToolCallDelta(call("call-1", "weather", "{\"ci")).build());
    answer.feed(part(2).setToolCallDelta(call("", "", "}")).build());
    answer.feed(part(0).setTextDelta(TextDelta.newBuilder().setText("I ")).build());
    answer.feed(part(1).setToolCallDelta(call("", "", "ty\": 1}")).build());
    answer.feed(part(0).setTextDelta(TextDelta.newBuilder().setText("look.")).build());

    assertEquals("I look.", answer.text());
    assertEquals(
        List.of(toolCall("call-1", "weather", "{\"city\": 1}"), toolCall("call-2", "time", "{}")),
        answer.toolCalls());
  }

  @Test
  void theMessageKeepsWhatItsProviderWantsBack() {
    answer.feed(part(0).setReasoningDelta(ReasoningDelta.newBuilder().setText("Points")).build());
    answer.feed(
        part(0).setReasoningDelta(ReasoningDelta.newBuilder().setProviderState(STATE)).build());
    answer.feed(part(1).setTextDelta(TextDelta.newBuilder().setText("switch")).build());
    answer.feed(part(1).setTextDelta(TextDelta.newBuilder().setProviderState(STATE)).build());

    ReasoningPart reasoning = ReasoningPart.newBuilder().setText("Points").build();
    assertEquals(
        ChatMessage.newBuilder()
            .setRole(Role.ROLE_ASSISTANT)
            .addParts(ContentPart.newBuilder().setReasoning(reasoning).setProviderState(STATE))
            .addParts(ContentPart.newBuilder().setText("switch").setProviderState(STATE))
            .build(),
        answer.message());
    assertEquals("Points", answer.reasoning());
  }

  @Test
  void aResetDropsWhatWasSaidBefore() {
    answer.feed(FakeRouter.text("wrong"));
    answer.feed(
        CompleteResponse.newBuilder()
            .setGeneration(2)
            .setReset(OutputReset.getDefaultInstance())
            .build());
    assertEquals("", answer.text());

    answer.feed(
        CompleteResponse.newBuilder()
            .setGeneration(2)
            .setTextDelta(TextDelta.newBuilder().setText("right"))
            .build());

    assertEquals("right", answer.text());
    assertEquals(2, answer.generation());
    assertEquals(1, answer.resets().size());
  }

  @Test
  void anAnswerIsCompleteWithAFinishAndAnEnd() {
    Answer unfinished = new Answer();
    unfinished.end();
    assertFalse(unfinished.isComplete());

    answer.feed(FakeRouter.finish());
    assertFalse(answer.isComplete());
    answer.end();
    assertTrue(answer.isComplete());
  }

  @Test
  void unknownMembersAreSkipped() throws InvalidProtocolBufferException {
    ByteString hello = ByteString.copyFromUtf8("hello");
    UnknownFieldSet newer =
        UnknownFieldSet.newBuilder()
            .addField(99, UnknownFieldSet.Field.newBuilder().addLengthDelimited(hello).build())
            .build();
    answer.feed(CompleteResponse.parseFrom(newer.toByteString()));

    assertEquals(ChatMessage.newBuilder().setRole(Role.ROLE_ASSISTANT).build(), answer.message());
  }

  @Test
  void unknownEnumNumbersNeverThrow() {
    answer.feed(
        part(0).setDecision(Decision.newBuilder().setModeValue(77).setModel("nano")).build());
    answer.feed(part(0).setNotice(RouteNotice.newBuilder().setKindValue(99)).build());
    answer.feed(part(0).setReset(OutputReset.newBuilder().setReasonValue(42)).build());
    answer.feed(part(0).setFinish(Finish.newBuilder().setReasonValue(77)).build());
    answer.end();

    assertTrue(answer.isComplete());
    assertEquals("nano", answer.decision().orElseThrow().getModel());
    assertEquals(99, answer.notices().get(0).getKindValue());
    assertEquals(42, answer.resets().get(0).getReasonValue());
    assertEquals(77, answer.finish().orElseThrow().getReasonValue());
  }

  private static CompleteResponse.Builder part(int index) {
    return FakeRouter.event().setPartIndex(index);
  }

  private static ToolCallDelta.Builder call(String id, String name, String fragment) {
    return ToolCallDelta.newBuilder().setId(id).setName(name).setArgumentsJsonFragment(fragment);
  }

  private static ToolCall toolCall(String id, String name, String arguments) {
    return ToolCall.newBuilder().setId(id).setName(name).setArgumentsJson(arguments).build();
  }
}
