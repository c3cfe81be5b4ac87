package pointsman_test

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	pointsman "github.com/pointsman/pointsman/clients/go"
	pointsmanv1 "github.com/pointsman/pointsman/clients/go/pointsman/v1"
)

type stream = grpc.ServerStreamingServer[pointsmanv1.CompleteResponse]

// router is a server whose methods a test gives; the others are unimplemented.
type router struct {
	pointsmanv1.UnimplementedRouterServiceServer

	route    func(context.Context, *pointsmanv1.RouteRequest) (*pointsmanv1.RouteResponse, error)
	whole    func(context.Context, *pointsmanv1.CompleteUnaryRequest) (*pointsmanv1.CompleteUnaryResponse, error)
	complete func(*pointsmanv1.CompleteRequest, stream) error
}

func (r *router) Route(
	ctx context.Context, request *pointsmanv1.RouteRequest,
) (*pointsmanv1.RouteResponse, error) {
	return r.route(ctx, request)
}

func (r *router) CompleteUnary(
	ctx context.Context, request *pointsmanv1.CompleteUnaryRequest,
) (*pointsmanv1.CompleteUnaryResponse, error) {
	return r.whole(ctx, request)
}

func (r *router) Complete(
	request *pointsmanv1.CompleteRequest, out stream,
) error {
	return r.complete(request, out)
}

// serve listens on the loopback interface until the test ends, and returns where.
func serve(t *testing.T, r *router, opts ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(opts...)
	pointsmanv1.RegisterRouterServiceServer(server, r)
	pointsmanv1.RegisterFeedbackServiceServer(server, pointsmanv1.UnimplementedFeedbackServiceServer{})
	// Serve returns without an error once the server is stopped.
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

// dial makes a client of a server in plaintext, unless the options say otherwise.
func dial(t *testing.T, target string, opts ...pointsman.Option) *pointsman.Client {
	t.Helper()
	client, err := pointsman.NewClient(target, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// client is one of a router on the loopback interface.
func client(t *testing.T, r *router, opts ...pointsman.Option) *pointsman.Client {
	t.Helper()
	return dial(t, serve(t, r), append(opts, pointsman.WithPlaintext())...)
}

// script is a Complete that sends events, numbered, and ends with err.
func script(
	err error, events ...*pointsmanv1.CompleteResponse,
) func(*pointsmanv1.CompleteRequest, stream) error {
	return func(_ *pointsmanv1.CompleteRequest, out stream) error {
		for index, event := range events {
			event.Seq = uint32(index + 1)
			if err := out.Send(event); err != nil {
				return err
			}
		}
		return err
	}
}

// endless is a Complete that sends an event and then waits until its caller is gone, which closes the channel.
func endless() (
	func(*pointsmanv1.CompleteRequest, stream) error, <-chan struct{},
) {
	gone := make(chan struct{})
	return func(_ *pointsmanv1.CompleteRequest, out stream) error {
		defer close(gone)
		if err := out.Send(said("a")); err != nil {
			return err
		}
		<-out.Context().Done()
		return out.Context().Err()
	}, gone
}

// failure is a status with details.
func failure(t *testing.T, code codes.Code, message string, details ...protoadapt.MessageV1) error {
	t.Helper()
	told, err := status.New(code, message).WithDetails(details...)
	if err != nil {
		t.Fatal(err)
	}
	return told.Err()
}
