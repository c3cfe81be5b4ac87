// Runner does the calls of a file, one after the other on one client, and prints a line of JSON for each that says what
// came. clients/conformance/README.md has both formats.
//
//	runner TARGET CALLS.json
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log"
	"maps"
	"os"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/protobuf/proto"

	pointsman "github.com/pointsman/pointsman/clients/go"
	pointsmanv1 "github.com/pointsman/pointsman/clients/go/pointsman/v1"
)

// call is one of the file.
type call struct {
	Name         string
	Call         string
	Prompt       string
	Task         string
	RequestID    string `json:"request_id"`
	DeadlineMS   *int64 `json:"deadline_ms"`
	Restart      bool
	Notices      bool
	Reasoning    bool
	FinalMessage bool `json:"final_message"`
	Stop         *struct {
		How   string
		After int
	}
}

// line is what came of a call; its keys are in the order of the alphabet.
type line struct {
	Attempts    int        `json:"attempts"`
	Complete    bool       `json:"complete"`
	CostNanoUSD string     `json:"cost_nano_usd"`
	Count       int        `json:"count"`
	Error       *failure   `json:"error"`
	Events      []string   `json:"events"`
	Finish      string     `json:"finish"`
	Generation  uint32     `json:"generation"`
	MessageText string     `json:"message_text"`
	Model       string     `json:"model"`
	Name        string     `json:"name"`
	Notices     []string   `json:"notices"`
	Reasoning   string     `json:"reasoning"`
	Resets      []string   `json:"resets"`
	SeqOK       bool       `json:"seq_ok"`
	Text        string     `json:"text"`
	ToolCalls   []toolCall `json:"tool_calls"`
}

type toolCall struct {
	Arguments string `json:"arguments"`
	ID        string `json:"id"`
	Name      string `json:"name"`
}

type failure struct {
	Code          string            `json:"code"`
	Message       string            `json:"message"`
	Metadata      map[string]string `json:"metadata"`
	OutputStarted *bool             `json:"output_started"`
	Reason        string            `json:"reason"`
	RetryDelayMS  *int64            `json:"retry_delay_ms"`
	Violations    []violation       `json:"violations"`
}

type violation struct {
	Description string `json:"description"`
	Field       string `json:"field"`
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: runner TARGET CALLS.json")
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(target, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var calls []call
	if err := json.Unmarshal(data, &calls); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	client, err := pointsman.NewClient(target, pointsman.WithPlaintext())
	if err != nil {
		return err
	}
	defer client.Close()
	lines := json.NewEncoder(os.Stdout)
	for _, call := range calls {
		if err := lines.Encode(call.do(client)); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) do(client *pointsman.Client) *line {
	seen := &line{
		Name: c.Name, Events: []string{}, Notices: []string{}, Resets: []string{}, ToolCalls: []toolCall{}, SeqOK: true,
	}
	ctx, cancel := c.context()
	if c.Stop != nil && c.Stop.How == "abandon" {
		// Neither cancelled nor stopped: its deadline has to end it.
		c.abandon(client.Complete(ctx, c.streamed()), seen)
		return seen
	}
	defer cancel()
	switch c.Call {
	case "route":
		seen.fail(c.route(ctx, client, seen))
	case "complete_unary":
		seen.fail(c.completeUnary(ctx, client, seen))
	default:
		seen.fail(c.complete(ctx, cancel, client, seen))
	}
	return seen
}

func (c *call) context() (context.Context, context.CancelFunc) {
	if c.DeadlineMS == nil {
		return context.WithCancel(context.Background())
	}
	return context.WithTimeout(context.Background(), time.Duration(*c.DeadlineMS)*time.Millisecond)
}

func (c *call) route(ctx context.Context, client *pointsman.Client, seen *line) error {
	response, err := client.Route(ctx, &pointsmanv1.RouteRequest{
		RequestId: c.RequestID, Input: c.input(), Hints: c.hints(),
	})
	seen.Model = response.GetDecision().GetModel()
	return err
}

func (c *call) completeUnary(ctx context.Context, client *pointsman.Client, seen *line) error {
	response, err := client.CompleteUnary(ctx, &pointsmanv1.CompleteUnaryRequest{
		RequestId: c.RequestID, Input: c.input(), Hints: c.hints(), IncludeReasoning: c.Reasoning,
	})
	seen.Model = response.GetDecision().GetModel()
	seen.end(response.GetUsage(), response.GetFinish())
	seen.MessageText = textOf(response.GetMessage())
	seen.Complete = response.GetFinish() != nil
	return err
}

func (c *call) complete(
	ctx context.Context, cancel context.CancelFunc, client *pointsman.Client, seen *line,
) error {
	var answer pointsman.Answer
	defer seen.add(&answer)
	if c.stops("cancel", 0) {
		cancel()
	}
	for event, err := range client.Complete(ctx, c.streamed()) {
		if err != nil {
			return err
		}
		answer.Add(event)
		seen.event(event)
		if c.stops("break", seen.Count) {
			return nil
		}
		if c.stops("cancel", seen.Count) {
			cancel()
		}
	}
	seen.Complete = answer.Finish != nil
	return nil
}

func (c *call) abandon(events iter.Seq2[*pointsmanv1.CompleteResponse, error], seen *line) {
	var answer pointsman.Answer
	defer seen.add(&answer)
	next, _ := iter.Pull2(events)
	for seen.Count < c.Stop.After {
		event, err, _ := next()
		if event == nil {
			seen.fail(err)
			return
		}
		answer.Add(event)
		seen.event(event)
	}
}

func (c *call) stops(how string, after int) bool {
	return c.Stop != nil && c.Stop.How == how && c.Stop.After == after
}

func (c *call) input() *pointsmanv1.CompletionInput {
	return &pointsmanv1.CompletionInput{Messages: []*pointsmanv1.ChatMessage{pointsman.UserMessage(c.Prompt)}}
}

func (c *call) hints() *pointsmanv1.RoutingHints {
	if c.Task == "" {
		return nil
	}
	return &pointsmanv1.RoutingHints{Task: c.Task}
}

func (c *call) streamed() *pointsmanv1.CompleteRequest {
	options := &pointsmanv1.StreamOptions{
		IncludeReasoning: c.Reasoning, IncludeNotices: c.Notices, IncludeFinalMessage: c.FinalMessage,
	}
	if c.Restart {
		options.RestartPolicy = pointsmanv1.RestartPolicy_RESTART_POLICY_ALLOW
	}
	request := &pointsmanv1.CompleteRequest{RequestId: c.RequestID, Input: c.input(), Hints: c.hints()}
	if proto.Size(options) > 0 {
		request.StreamOptions = options
	}
	return request
}

func (l *line) event(event *pointsmanv1.CompleteResponse) {
	message := event.ProtoReflect()
	kind := "unknown"
	if member := message.WhichOneof(message.Descriptor().Oneofs().ByName("event")); member != nil {
		kind = string(member.Name())
	}
	if len(l.Events) == 0 || l.Events[len(l.Events)-1] != kind {
		l.Events = append(l.Events, kind)
	}
	l.Count++
	l.SeqOK = l.SeqOK && int(event.GetSeq()) == l.Count
}

func (l *line) add(answer *pointsman.Answer) {
	l.Generation, l.Text, l.Reasoning = answer.Generation, answer.Text(), answer.Reasoning()
	l.Model = answer.Decision.GetModel()
	for _, call := range answer.ToolCalls() {
		l.ToolCalls = append(l.ToolCalls, toolCall{call.GetArgumentsJson(), call.GetId(), call.GetName()})
	}
	for _, notice := range answer.Notices {
		l.Notices = append(l.Notices, word(notice.GetKind(), "NOTICE_KIND_"))
	}
	for _, reset := range answer.Resets {
		l.Resets = append(l.Resets, word(reset.GetReason(), "RESET_REASON_"))
	}
	l.end(answer.Usage, answer.Finish)
	l.MessageText = textOf(answer.Finish.GetMessage())
}

func (l *line) end(usage *pointsmanv1.UsageReport, finish *pointsmanv1.Finish) {
	if usage != nil {
		l.CostNanoUSD = strconv.FormatInt(usage.GetCost().GetTotalNanoUsd(), 10)
		l.Attempts = len(usage.GetAttempts())
	}
	if finish != nil {
		l.Finish = word(finish.GetReason(), "FINISH_REASON_")
	}
}

func (l *line) fail(err error) {
	var e *pointsman.Error
	if !errors.As(err, &e) {
		return
	}
	l.Error = &failure{
		Code: code.Code(e.Code).String(), Reason: e.Reason, Message: e.Message,
		Metadata: map[string]string{}, Violations: []violation{},
	}
	maps.Copy(l.Error.Metadata, e.Metadata)
	if e.Failure != nil {
		l.Error.OutputStarted = new(e.OutputStarted())
	}
	if delay, ok := e.RetryDelay(); ok {
		l.Error.RetryDelayMS = new(delay.Milliseconds())
	}
	for _, v := range e.Violations {
		l.Error.Violations = append(l.Error.Violations, violation{v.GetDescription(), v.GetField()})
	}
}

// word is the name of a value without its prefix; of one that is newer than this client, its number.
func word(value fmt.Stringer, prefix string) string {
	return strings.TrimPrefix(value.String(), prefix)
}

func textOf(message *pointsmanv1.ChatMessage) string {
	var text strings.Builder
	for _, part := range message.GetParts() {
		text.WriteString(part.GetText())
	}
	return text.String()
}
