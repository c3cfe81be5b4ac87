package pointsman_test

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pointsman "github.com/pointsman/pointsman/clients/go"
	pointsmanv1 "github.com/pointsman/pointsman/clients/go/pointsman/v1"
)

func said(text string) *pointsmanv1.CompleteResponse {
	delta := &pointsmanv1.TextDelta{Text: text}
	return &pointsmanv1.CompleteResponse{Generation: 1, Event: &pointsmanv1.CompleteResponse_TextDelta{TextDelta: delta}}
}

func thought(text string) *pointsmanv1.CompleteResponse {
	delta := &pointsmanv1.ReasoningDelta{Text: text}
	return &pointsmanv1.CompleteResponse{
		Generation: 1, Event: &pointsmanv1.CompleteResponse_ReasoningDelta{ReasoningDelta: delta},
	}
}

func called(delta *pointsmanv1.ToolCallDelta) *pointsmanv1.CompleteResponse {
	return &pointsmanv1.CompleteResponse{
		Generation: 1, Event: &pointsmanv1.CompleteResponse_ToolCallDelta{ToolCallDelta: delta},
	}
}

func reset() *pointsmanv1.CompleteResponse {
	dropped := &pointsmanv1.OutputReset{Reason: pointsmanv1.ResetReason_RESET_REASON_FAILOVER}
	return &pointsmanv1.CompleteResponse{Generation: 2, Event: &pointsmanv1.CompleteResponse_Reset_{Reset_: dropped}}
}

func finished() *pointsmanv1.CompleteResponse {
	finish := &pointsmanv1.Finish{Reason: pointsmanv1.FinishReason_FINISH_REASON_STOP}
	return &pointsmanv1.CompleteResponse{Generation: 1, Event: &pointsmanv1.CompleteResponse_Finish{Finish: finish}}
}

// at gives an event to a part of the answer.
func at(part uint32, event *pointsmanv1.CompleteResponse) *pointsmanv1.CompleteResponse {
	event.PartIndex = part
	return event
}

// in gives an event to a generation of the answer.
func in(generation uint32, event *pointsmanv1.CompleteResponse) *pointsmanv1.CompleteResponse {
	event.Generation = generation
	return event
}

// unknown is an event of a kind that is newer than this client.
func unknown(t *testing.T) *pointsmanv1.CompleteResponse {
	t.Helper()
	data := protowire.AppendTag(nil, 99, protowire.BytesType)
	data = protowire.AppendString(data, "news")
	event := new(pointsmanv1.CompleteResponse)
	if err := proto.Unmarshal(data, event); err != nil {
		t.Fatal(err)
	}
	return in(1, event)
}

func added(events ...*pointsmanv1.CompleteResponse) *pointsman.Answer {
	answer := new(pointsman.Answer)
	for _, event := range events {
		answer.Add(event)
	}
	return answer
}

func TestPartsAreInTheOrderOfTheirIndex(t *testing.T) {
	answer := added(at(2, said("!")), at(0, said("Hello ")), at(1, said("the")), at(1, said("re")))

	if got := answer.Text(); got != "Hello there!" {
		t.Errorf("Text() = %q", got)
	}
}

func TestToolCallsAreConcatenatedByPart(t *testing.T) {
	answer := added(
		at(0, said("I look.")),
		at(1, called(&pointsmanv1.ToolCallDelta{Id: "c-1", Name: "weather", ArgumentsJsonFragment: `{"ci`})),
		at(2, called(&pointsmanv1.ToolCallDelta{Id: "c-2", Name: "time", ArgumentsJsonFragment: "{"})),
		at(1, called(&pointsmanv1.ToolCallDelta{ArgumentsJsonFragment: `ty":"Bern"}`})),
		at(2, called(&pointsmanv1.ToolCallDelta{ArgumentsJsonFragment: "}"})),
	)

	want := []*pointsmanv1.ToolCall{
		{Id: "c-1", Name: "weather", ArgumentsJson: `{"city":"Bern"}`},
		{Id: "c-2", Name: "time", ArgumentsJson: "{}"},
	}
	got := answer.ToolCalls()
	if len(got) != 2 || !proto.Equal(got[0], want[0]) || !proto.Equal(got[1], want[1]) {
		t.Errorf("ToolCalls() = %v", got)
	}
}

func TestResetDropsEverythingBefore(t *testing.T) {
	answer := added(
		at(0, thought("wrong")), at(1, said("wrong")), at(2, called(&pointsmanv1.ToolCallDelta{Id: "wrong"})),
		reset(), in(2, said("right")),
	)

	if answer.Text() != "right" || answer.Reasoning() != "" || answer.ToolCalls() != nil || answer.Generation != 2 {
		t.Errorf("after a reset: %v, generation %d", answer.Message(), answer.Generation)
	}
	if len(answer.Resets) != 1 || answer.Resets[0].GetReason() != pointsmanv1.ResetReason_RESET_REASON_FAILOVER {
		t.Errorf("Resets = %v", answer.Resets)
	}
}

func TestUnknownEventsAreSkipped(t *testing.T) {
	answer := added(said("o"), unknown(t), said("k"), finished())

	if answer.Text() != "ok" || answer.Finish == nil {
		t.Errorf("Text() = %q, Finish = %v", answer.Text(), answer.Finish)
	}
}

func TestMessageKeepsWhatProvidersWantBack(t *testing.T) {
	state := &pointsmanv1.ProviderState{Provider: "anthropic", Data: []byte{0, 255}}
	answer := added(
		at(0, thought("Hm.")),
		at(0, &pointsmanv1.CompleteResponse{Generation: 1, Event: &pointsmanv1.CompleteResponse_ReasoningDelta{
			ReasoningDelta: &pointsmanv1.ReasoningDelta{ProviderState: state},
		}}),
		at(1, said("Yes.")),
		at(2, called(&pointsmanv1.ToolCallDelta{Id: "c-1", Name: "time", ProviderState: state})),
	)

	want := &pointsmanv1.ChatMessage{Role: pointsmanv1.Role_ROLE_ASSISTANT, Parts: []*pointsmanv1.ContentPart{
		{
			Content:       &pointsmanv1.ContentPart_Reasoning{Reasoning: &pointsmanv1.ReasoningPart{Text: "Hm."}},
			ProviderState: state,
		},
		{Content: &pointsmanv1.ContentPart_Text{Text: "Yes."}},
		{
			Content:       &pointsmanv1.ContentPart_ToolCall{ToolCall: &pointsmanv1.ToolCall{Id: "c-1", Name: "time"}},
			ProviderState: state,
		},
	}}
	if got := answer.Message(); !proto.Equal(got, want) {
		t.Errorf("Message() = %v, want %v", got, want)
	}
}

func TestMessageHasAPartEvenWhereNothingWasSaid(t *testing.T) {
	parts := added().Message().GetParts()

	if len(parts) != 1 || parts[0].GetContent() == nil || parts[0].GetText() != "" {
		t.Errorf("parts = %v", parts)
	}
}

func TestAnswerHoldsWhatIsToldBesideIt(t *testing.T) {
	answer := added(
		in(1, &pointsmanv1.CompleteResponse{Event: &pointsmanv1.CompleteResponse_Decision{
			Decision: &pointsmanv1.Decision{Model: "nano"},
		}}),
		in(1, &pointsmanv1.CompleteResponse{Event: &pointsmanv1.CompleteResponse_Notice{
			Notice: &pointsmanv1.RouteNotice{Kind: pointsmanv1.NoticeKind_NOTICE_KIND_FAILOVER},
		}}),
		in(1, &pointsmanv1.CompleteResponse{Event: &pointsmanv1.CompleteResponse_Heartbeat{}}),
		in(1, &pointsmanv1.CompleteResponse{Event: &pointsmanv1.CompleteResponse_Usage{
			Usage: &pointsmanv1.UsageReport{Cost: &pointsmanv1.Cost{TotalNanoUsd: 20}},
		}}),
		finished(),
	)

	if answer.Decision.GetModel() != "nano" || answer.Usage.GetCost().GetTotalNanoUsd() != 20 ||
		len(answer.Notices) != 1 || answer.Finish.GetReason() != pointsmanv1.FinishReason_FINISH_REASON_STOP {
		t.Errorf("the answer holds %+v", answer)
	}
}

func TestCollectTellsAnswersWithoutAFinish(t *testing.T) {
	c := client(t, &router{complete: script(nil, said("half"))})

	answer, err := pointsman.Collect(c.Complete(t.Context(), &pointsmanv1.CompleteRequest{}))

	if !errors.Is(err, pointsman.ErrUnfinished) || answer.Text() != "half" {
		t.Errorf("Collect() = %q, %v", answer.Text(), err)
	}
}
