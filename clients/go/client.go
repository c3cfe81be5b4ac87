package pointsman

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc"

	pointsmanv1 "github.com/pointsman/pointsman/clients/go/pointsman/v1"
)

// DefaultTimeout is how long a call may take whose context has no deadline.
const DefaultTimeout = 120 * time.Second

// A Client calls one router. It is safe for concurrent use. Its calls fail with an [*Error].
type Client struct {
	conn    *grpc.ClientConn
	router  pointsmanv1.RouterServiceClient
	timeout time.Duration
}

// NewClient makes a client for target, a host and port or any other target that gRPC knows, such as
// "dns:///router.example:443". It connects with the first call, over TLS unless told otherwise by [WithPlaintext].
// It fails where the options contradict each other, or would show an API key to the network.
func NewClient(target string, opts ...Option) (*Client, error) {
	set := options{timeout: DefaultTimeout}
	for _, opt := range opts {
		opt(&set)
	}
	dialOptions, err := set.dialOptions(target)
	if err != nil {
		return nil, fmt.Errorf("pointsman: %w", err)
	}
	client := &Client{timeout: set.timeout}
	// The outermost interceptor is the first.
	dialOptions = append([]grpc.DialOption{grpc.WithChainUnaryInterceptor(client.unary)}, dialOptions...)
	client.conn, err = grpc.NewClient(target, dialOptions...)
	if err != nil {
		return nil, fmt.Errorf("pointsman: %w", err)
	}
	client.router = pointsmanv1.NewRouterServiceClient(client.conn)
	return client, nil
}

// Close ends the connection and every call that still runs.
func (c *Client) Close() error {
	return c.conn.Close()
}

// Conn is the connection, for the other services of the contract. Their unary calls have the same deadline and the same
// errors:
//
//	feedback := pointsmanv1.NewFeedbackServiceClient(client.Conn())
func (c *Client) Conn() *grpc.ClientConn {
	return c.conn
}

// Route decides which model a request should go to, and runs nothing.
func (c *Client) Route(
	ctx context.Context, request *pointsmanv1.RouteRequest, opts ...grpc.CallOption,
) (*pointsmanv1.RouteResponse, error) {
	return c.router.Route(ctx, request, opts...)
}

// RouteBatch decides up to 256 requests, each as Route does. An item may have failed where the call did not.
func (c *Client) RouteBatch(
	ctx context.Context, request *pointsmanv1.RouteBatchRequest, opts ...grpc.CallOption,
) (*pointsmanv1.RouteBatchResponse, error) {
	return c.router.RouteBatch(ctx, request, opts...)
}

// CompleteUnary routes a request, runs it, and returns the whole answer at once.
func (c *Client) CompleteUnary(
	ctx context.Context, request *pointsmanv1.CompleteUnaryRequest, opts ...grpc.CallOption,
) (*pointsmanv1.CompleteUnaryResponse, error) {
	return c.router.CompleteUnary(ctx, request, opts...)
}

// Complete routes a request, runs it, and streams the answer, event by event.
//
// The call begins when the sequence is ranged over, and is over when the loop is: left early, by break, return or panic,
// it is cancelled. Each range is a call of its own, and is paid for. After an error, which comes with a nil event, the
// sequence ends; an answer is whole only if it ends without one, after a finish. An [Answer] adds the events up.
//
// Expect new kinds of events: a switch over their type skips what it does not know.
//
// With [iter.Pull2], call stop: a sequence that is neither read nor stopped holds its call until the deadline.
func (c *Client) Complete(
	ctx context.Context, request *pointsmanv1.CompleteRequest, opts ...grpc.CallOption,
) iter.Seq2[*pointsmanv1.CompleteResponse, error] {
	return func(yield func(*pointsmanv1.CompleteResponse, error) bool) {
		ctx, cancel := c.bounded(ctx)
		defer cancel()

		stream, err := c.router.Complete(ctx, request, opts...)
		if err != nil {
			yield(nil, toError(err))
			return
		}
		for {
			event, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, toError(err))
				return
			}
			if !yield(event, nil) {
				return
			}
		}
	}
}

func (c *Client) unary(
	ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker,
	opts ...grpc.CallOption,
) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	return toError(invoke(ctx, method, request, reply, conn, opts...))
}

// bounded gives a call a context of its own, to end it by, which has a deadline in any case.
func (c *Client) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, c.timeout)
}
