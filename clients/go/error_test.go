package pointsman_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	pointsman "github.com/pointsman/pointsman/clients/go"
	pointsmanv1 "github.com/pointsman/pointsman/clients/go/pointsman/v1"
)

// failed is what a call failed with that the server ended with err, behind some events.
func failed(t *testing.T, err error, events ...*pointsmanv1.CompleteResponse) *pointsman.Error {
	t.Helper()
	c := client(t, &router{complete: script(err, events...)})
	_, err = pointsman.Collect(c.Complete(t.Context(), &pointsmanv1.CompleteRequest{}))
	var failure *pointsman.Error
	// As callers do who have wrapped it.
	if !errors.As(fmt.Errorf("asking: %w", err), &failure) {
		t.Fatalf("the call failed with %T, %v", err, err)
	}
	return failure
}

func TestErrorReadsTheDetails(t *testing.T) {
	told := failed(t, failure(t, codes.Aborted, "the provider broke off",
		&errdetails.ErrorInfo{
			Reason: "STREAM_INTERRUPTED", Domain: "pointsman.v1", Metadata: map[string]string{"decision_id": "d-1"},
		},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)},
		&pointsmanv1.RoutingFailure{OutputStarted: true, TotalNanoUsd: 12},
	), said("a"))

	if told.Code != codes.Aborted || told.Reason != "STREAM_INTERRUPTED" || told.Message != "the provider broke off" {
		t.Errorf("the error is %v", told)
	}
	if told.Metadata["decision_id"] != "d-1" {
		t.Errorf("Metadata = %v", told.Metadata)
	}
	if delay, ok := told.RetryDelay(); !ok || delay != 1500*time.Millisecond {
		t.Errorf("RetryDelay() = %v, %v", delay, ok)
	}
	if !told.OutputStarted() || told.Failure.GetTotalNanoUsd() != 12 {
		t.Errorf("Failure = %v", told.Failure)
	}
}

func TestErrorNamesTheFieldsThatAreWrong(t *testing.T) {
	told := failed(t, failure(t, codes.InvalidArgument, "wrong", &errdetails.BadRequest{
		FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "input.messages", Description: "is empty"}},
	}))

	if len(told.Violations) != 1 || told.Violations[0].GetField() != "input.messages" {
		t.Errorf("Violations = %v", told.Violations)
	}
}

func TestDelayOfNothingIsADelay(t *testing.T) {
	told := failed(t, failure(t, codes.ResourceExhausted, "too many", &errdetails.RetryInfo{RetryDelay: &durationpb.Duration{}}))

	if delay, ok := told.RetryDelay(); !ok || delay != 0 {
		t.Errorf("RetryDelay() = %v, %v", delay, ok)
	}
}

func TestErrorWithoutDetails(t *testing.T) {
	told := failed(t, status.Error(codes.Internal, "a proxy is ill"))

	if _, ok := told.RetryDelay(); ok || told.Reason != "" || told.Failure != nil || told.OutputStarted() {
		t.Errorf("an error without details has some: %+v", told)
	}
	if got, want := told.Error(), "pointsman: Internal: a proxy is ill"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}

func TestReasonOfAnotherDomainIsNotOurs(t *testing.T) {
	told := failed(t, failure(t, codes.PermissionDenied, "no", &errdetails.ErrorInfo{Reason: "RBAC", Domain: "mesh.example"}))

	if told.Reason != "" || told.Metadata != nil {
		t.Errorf("Reason = %q, Metadata = %v", told.Reason, told.Metadata)
	}
}

func TestErrorIsAnErrorOfGRPC(t *testing.T) {
	quota := &errdetails.QuotaFailure{Violations: []*errdetails.QuotaFailure_Violation{{Subject: "acme/day"}}}
	told := failed(t, failure(t, codes.ResourceExhausted, "spent", quota))

	if status.Code(told) != codes.ResourceExhausted {
		t.Errorf("status.Code() = %v", status.Code(told))
	}
	details := told.GRPCStatus().Details()
	if kept, ok := details[0].(*errdetails.QuotaFailure); !ok || kept.GetViolations()[0].GetSubject() != "acme/day" {
		t.Errorf("the status has the details %v", details)
	}
}
