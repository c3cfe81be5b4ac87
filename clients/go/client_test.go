package pointsman_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pointsman "github.com/pointsman/pointsman/clients/go"
	pointsmanv1 "github.com/pointsman/pointsman/clients/go/pointsman/v1"
)

func TestRoute(t *testing.T) {
	c := client(t, &router{
		route: func(_ context.Context, request *pointsmanv1.RouteRequest) (*pointsmanv1.RouteResponse, error) {
			return &pointsmanv1.RouteResponse{Decision: &pointsmanv1.Decision{Model: request.GetHints().GetTask()}}, nil
		},
	})

	response, err := c.Route(t.Context(), &pointsmanv1.RouteRequest{Hints: &pointsmanv1.RoutingHints{Task: "code"}})

	if err != nil || response.GetDecision().GetModel() != "code" {
		t.Errorf("Route() = %v, %v; the server was not given the task", response, err)
	}
}

func TestCompleteUnaryTakesAnswersOfManyMebibytes(t *testing.T) {
	const size = 6 << 20
	answer := said(strings.Repeat("x", size)).GetTextDelta().GetText()
	c := client(t, &router{
		whole: func(context.Context, *pointsmanv1.CompleteUnaryRequest) (*pointsmanv1.CompleteUnaryResponse, error) {
			parts := []*pointsmanv1.ContentPart{{Content: &pointsmanv1.ContentPart_Text{Text: answer}}}
			return &pointsmanv1.CompleteUnaryResponse{Message: &pointsmanv1.ChatMessage{Parts: parts}}, nil
		},
	})

	response, err := c.CompleteUnary(t.Context(), &pointsmanv1.CompleteUnaryRequest{})

	if err != nil {
		t.Fatal(err)
	}
	if got := len(response.GetMessage().GetParts()[0].GetText()); got != size {
		t.Errorf("%d bytes came of %d", got, size)
	}
}

func TestCompleteStreamsEveryEvent(t *testing.T) {
	c := client(t, &router{complete: script(nil, said("a"), said("b"), finished())})

	var seen []uint32
	for event, err := range c.Complete(t.Context(), &pointsmanv1.CompleteRequest{}) {
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, event.GetSeq())
	}

	if len(seen) != 3 || seen[2] != 3 {
		t.Errorf("events %v came of 1, 2, 3", seen)
	}
}

func TestLeavingTheLoopCancelsTheCall(t *testing.T) {
	for name, leave := range map[string]func(iter.Seq2[*pointsmanv1.CompleteResponse, error]){
		"break": func(events iter.Seq2[*pointsmanv1.CompleteResponse, error]) {
			for range events {
				break
			}
		},
		"panic": func(events iter.Seq2[*pointsmanv1.CompleteResponse, error]) {
			defer func() { _ = recover() }()
			for range events {
				panic("left")
			}
		},
		"stop": func(events iter.Seq2[*pointsmanv1.CompleteResponse, error]) {
			next, stop := iter.Pull2(events)
			next()
			stop()
		},
	} {
		t.Run(name, func(t *testing.T) {
			complete, gone := endless()
			c := client(t, &router{complete: complete})
			leave(c.Complete(t.Context(), &pointsmanv1.CompleteRequest{}))
			<-gone
		})
	}
}

func TestCancelledContextEndsTheCallOnBothSides(t *testing.T) {
	complete, gone := endless()
	c := client(t, &router{complete: complete})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	var last error
	for _, err := range c.Complete(ctx, &pointsmanv1.CompleteRequest{}) {
		cancel()
		last = err
	}

	<-gone
	if status.Code(last) != codes.Canceled {
		t.Errorf("the sequence ended with %v", last)
	}
}

func TestEveryCallHasADeadline(t *testing.T) {
	given := make(chan time.Duration, 1)
	note := func(ctx context.Context) {
		deadline, _ := ctx.Deadline()
		given <- time.Until(deadline)
	}
	r := &router{
		route: func(ctx context.Context, _ *pointsmanv1.RouteRequest) (*pointsmanv1.RouteResponse, error) {
			note(ctx)
			return &pointsmanv1.RouteResponse{}, nil
		},
		complete: func(_ *pointsmanv1.CompleteRequest, out stream) error {
			note(out.Context())
			return nil
		},
	}
	route := func(ctx context.Context, c *pointsman.Client) error {
		_, err := c.Route(ctx, &pointsmanv1.RouteRequest{})
		return err
	}
	complete := func(ctx context.Context, c *pointsman.Client) error {
		for _, err := range c.Complete(ctx, &pointsmanv1.CompleteRequest{}) {
			return err
		}
		return nil
	}
	own, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()

	for _, test := range []struct {
		name string
		ctx  context.Context
		opts []pointsman.Option
		want time.Duration
	}{
		{"by default", t.Context(), nil, pointsman.DefaultTimeout},
		{"as the client was made", t.Context(), []pointsman.Option{pointsman.WithTimeout(30 * time.Minute)}, 30 * time.Minute},
		{"of the caller", own, nil, time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := client(t, r, test.opts...)
			for _, call := range []func(context.Context, *pointsman.Client) error{route, complete} {
				if err := call(test.ctx, c); err != nil {
					t.Fatal(err)
				}
				// The least of the three is far from the others.
				if got := <-given; got > test.want || got < test.want-time.Minute {
					t.Errorf("the call was given %v of %v", got, test.want)
				}
			}
		})
	}
}

func TestDeadlineEndsTheCallOnBothSides(t *testing.T) {
	complete, gone := endless()
	c := client(t, &router{complete: complete}, pointsman.WithTimeout(100*time.Millisecond))

	_, err := pointsman.Collect(c.Complete(t.Context(), &pointsmanv1.CompleteRequest{}))

	<-gone
	if status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("the sequence ended with %v", err)
	}
}

func TestDecisionIsTriedThreeTimesInAll(t *testing.T) {
	var attempts atomic.Int32
	c := client(t, &router{
		route: func(ctx context.Context, _ *pointsmanv1.RouteRequest) (*pointsmanv1.RouteResponse, error) {
			attempts.Add(1)
			if err := grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", "1")); err != nil {
				return nil, err
			}
			return nil, status.Error(codes.Unavailable, "too much to do")
		},
	})

	_, err := c.Route(t.Context(), &pointsmanv1.RouteRequest{})

	var failure *pointsman.Error
	if !errors.As(err, &failure) || failure.Message != "too much to do" || attempts.Load() != 3 {
		t.Errorf("%d attempts gave %v", attempts.Load(), err)
	}
}

func TestServerForbidsToTryAgain(t *testing.T) {
	var attempts atomic.Int32
	c := client(t, &router{
		route: func(ctx context.Context, _ *pointsmanv1.RouteRequest) (*pointsmanv1.RouteResponse, error) {
			attempts.Add(1)
			if err := grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", "-1")); err != nil {
				return nil, err
			}
			return nil, status.Error(codes.Unavailable, "never")
		},
	})

	_, err := c.Route(t.Context(), &pointsmanv1.RouteRequest{})

	if status.Code(err) != codes.Unavailable || attempts.Load() != 1 {
		t.Errorf("%d attempts gave %v", attempts.Load(), err)
	}
}

func TestAnswerThatMayHaveBeenPaidForIsNotTriedAgain(t *testing.T) {
	var attempts atomic.Int32
	c := client(t, &router{
		complete: func(*pointsmanv1.CompleteRequest, stream) error {
			attempts.Add(1)
			return status.Error(codes.Unavailable, "the connection broke")
		},
		whole: func(context.Context, *pointsmanv1.CompleteUnaryRequest) (*pointsmanv1.CompleteUnaryResponse, error) {
			attempts.Add(1)
			return nil, status.Error(codes.Unavailable, "the connection broke")
		},
	})

	_, streamed := pointsman.Collect(c.Complete(t.Context(), &pointsmanv1.CompleteRequest{}))
	_, whole := c.CompleteUnary(t.Context(), &pointsmanv1.CompleteUnaryRequest{})

	if status.Code(streamed) != codes.Unavailable || status.Code(whole) != codes.Unavailable || attempts.Load() != 2 {
		t.Errorf("%d attempts of two calls gave %v and %v", attempts.Load(), streamed, whole)
	}
}

func TestNothingIsTriedAgainAfterAnEvent(t *testing.T) {
	var attempts atomic.Int32
	late := script(status.Error(codes.Unavailable, "late"), said("a"))
	c := client(t, &router{
		complete: func(request *pointsmanv1.CompleteRequest, out stream) error {
			attempts.Add(1)
			return late(request, out)
		},
	})

	answer, err := pointsman.Collect(c.Complete(t.Context(), &pointsmanv1.CompleteRequest{}))

	if status.Code(err) != codes.Unavailable || answer.Text() != "a" || attempts.Load() != 1 {
		t.Errorf("%d attempts gave %q, %v", attempts.Load(), answer.Text(), err)
	}
}

func TestOtherServicesHaveTheSameErrorsOverConn(t *testing.T) {
	c := client(t, &router{})

	_, err := pointsmanv1.NewFeedbackServiceClient(c.Conn()).SubmitFeedback(t.Context(), &pointsmanv1.SubmitFeedbackRequest{})

	var failure *pointsman.Error
	if !errors.As(err, &failure) || failure.Code != codes.Unimplemented {
		t.Errorf("SubmitFeedback() failed with %v", err)
	}
}

func TestClosedClientCallsNobody(t *testing.T) {
	c := client(t, &router{})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}

	_, err := pointsman.Collect(c.Complete(t.Context(), &pointsmanv1.CompleteRequest{}))

	if status.Code(err) != codes.Canceled {
		t.Errorf("the sequence ended with %v", err)
	}
}
