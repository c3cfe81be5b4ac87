package pointsman

import (
	"cmp"
	"errors"
	"iter"
	"slices"
	"strings"

	pointsmanv1 "github.com/pointsman/pointsman/clients/go/pointsman/v1"
)

// ErrUnfinished is what [Collect] fails with where a stream ended well and yet without a finish: it is no whole answer.
var ErrUnfinished = errors.New("pointsman: the stream ended without a finish")

// An Answer adds up the events of one [Client.Complete]. The zero value is ready for the first; do not copy it later.
//
// It is whole once Finish is set and the sequence has ended without an error.
type Answer struct {
	// Generation is the highest yet; 0 before the first event.
	Generation uint32
	// Decision is the plan. Nil until it comes; Finish says which model it was in fact.
	Decision *pointsmanv1.Decision
	// Notices are those that the request asked for, in order.
	Notices []*pointsmanv1.RouteNotice
	// Resets are those so far; each dropped what was there of the answer.
	Resets []*pointsmanv1.OutputReset
	// Usage has the cost and the attempts. Nil until it comes, just before the end or an error.
	Usage *pointsmanv1.UsageReport
	// Finish is the last event. Nil until it comes.
	Finish *pointsmanv1.Finish

	parts []*part // by index, then kind
}

// Collect reads events to their end. What there is of the answer is returned with an error, too.
func Collect(events iter.Seq2[*pointsmanv1.CompleteResponse, error]) (*Answer, error) {
	answer := new(Answer)
	for event, err := range events {
		if err != nil {
			return answer, err
		}
		answer.Add(event)
	}
	if answer.Finish == nil {
		return answer, ErrUnfinished
	}
	return answer, nil
}

// Add takes one event in. One of a kind that this client does not know changes nothing.
func (a *Answer) Add(event *pointsmanv1.CompleteResponse) {
	if event.GetGeneration() > a.Generation {
		a.Generation = event.GetGeneration()
		a.parts = nil
	}
	index := event.GetPartIndex()
	switch event := event.GetEvent().(type) {
	case *pointsmanv1.CompleteResponse_TextDelta:
		a.part(index, textPart).extend(event.TextDelta.GetText(), event.TextDelta.GetProviderState())
	case *pointsmanv1.CompleteResponse_ReasoningDelta:
		a.part(index, reasoningPart).extend(event.ReasoningDelta.GetText(), event.ReasoningDelta.GetProviderState())
	case *pointsmanv1.CompleteResponse_ToolCallDelta:
		delta := event.ToolCallDelta
		part := a.part(index, toolCallPart)
		part.extend(delta.GetArgumentsJsonFragment(), delta.GetProviderState())
		part.id, part.name = cmp.Or(part.id, delta.GetId()), cmp.Or(part.name, delta.GetName())
	case *pointsmanv1.CompleteResponse_Decision:
		a.Decision = event.Decision
	case *pointsmanv1.CompleteResponse_Notice:
		a.Notices = append(a.Notices, event.Notice)
	case *pointsmanv1.CompleteResponse_Reset_:
		a.Resets = append(a.Resets, event.Reset_)
	case *pointsmanv1.CompleteResponse_Usage:
		a.Usage = event.Usage
	case *pointsmanv1.CompleteResponse_Finish:
		a.Finish = event.Finish
	}
}

// Text is all text so far.
func (a *Answer) Text() string {
	return a.joined(textPart)
}

// Reasoning is all reasoning so far, where the request asked for it.
func (a *Answer) Reasoning() string {
	return a.joined(reasoningPart)
}

// ToolCalls are the calls so far. Parse their arguments only when the answer is whole.
func (a *Answer) ToolCalls() []*pointsmanv1.ToolCall {
	var calls []*pointsmanv1.ToolCall
	for _, part := range a.parts {
		if part.kind == toolCallPart {
			calls = append(calls, part.toolCall())
		}
	}
	return calls
}

// Message is the assistant's message, to be appended to the conversation as it is: it keeps what a provider wants back.
func (a *Answer) Message() *pointsmanv1.ChatMessage {
	if len(a.parts) == 0 {
		// A message has at least one part.
		return message(pointsmanv1.Role_ROLE_ASSISTANT, "")
	}
	parts := make([]*pointsmanv1.ContentPart, len(a.parts))
	for index, part := range a.parts {
		parts[index] = part.content()
	}
	return &pointsmanv1.ChatMessage{Role: pointsmanv1.Role_ROLE_ASSISTANT, Parts: parts}
}

func (a *Answer) joined(kind kind) string {
	var texts []string
	for _, part := range a.parts {
		if part.kind == kind {
			texts = append(texts, part.text.String())
		}
	}
	return strings.Join(texts, "")
}

// part finds the part that a delta extends, or begins it.
func (a *Answer) part(index uint32, kind kind) *part {
	wanted := &part{index: index, kind: kind}
	at, found := slices.BinarySearchFunc(a.parts, wanted, func(one, other *part) int {
		return cmp.Or(cmp.Compare(one.index, other.index), cmp.Compare(one.kind, other.kind))
	})
	if !found {
		a.parts = slices.Insert(a.parts, at, wanted)
	}
	return a.parts[at]
}

type kind int

const (
	reasoningPart kind = iota
	textPart
	toolCallPart
)

// part is a content part as far as it has come.
type part struct {
	index    uint32
	kind     kind
	text     strings.Builder // of a tool call: its arguments
	id, name string          // of a tool call
	state    *pointsmanv1.ProviderState
}

func (p *part) extend(text string, state *pointsmanv1.ProviderState) {
	p.text.WriteString(text)
	if state != nil {
		p.state = state
	}
}

func (p *part) toolCall() *pointsmanv1.ToolCall {
	return &pointsmanv1.ToolCall{Id: p.id, Name: p.name, ArgumentsJson: p.text.String()}
}

func (p *part) content() *pointsmanv1.ContentPart {
	content := &pointsmanv1.ContentPart{ProviderState: p.state}
	switch p.kind {
	case textPart:
		content.Content = &pointsmanv1.ContentPart_Text{Text: p.text.String()}
	case reasoningPart:
		content.Content = &pointsmanv1.ContentPart_Reasoning{
			Reasoning: &pointsmanv1.ReasoningPart{Text: p.text.String()},
		}
	case toolCallPart:
		content.Content = &pointsmanv1.ContentPart_ToolCall{ToolCall: p.toolCall()}
	}
	return content
}
