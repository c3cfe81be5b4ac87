package pointsman

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	pointsmanv1 "github.com/pointsman/pointsman/clients/go/pointsman/v1"
)

// domain is that of the reasons that are Pointsman's own.
const domain = "pointsman.v1"

// An Error is why a call failed, read out of its gRPC status:
//
//	var failure *pointsman.Error
//	if errors.As(err, &failure) && failure.Reason == "BUDGET_EXHAUSTED" {
//		return fmt.Errorf("no more until %s", failure.Metadata["resets_at"])
//	}
//
// Branch on Reason, never on Message. The functions of package status work on it as on any error of gRPC's.
type Error struct {
	// Code is the status code.
	Code codes.Code
	// Reason says more than the code: one of docs/errors.md, such as "BUDGET_EXHAUSTED". It is empty where the error is
	// not Pointsman's own but gRPC's, or of something in between. Expect new ones, and judge these by Code.
	Reason string
	// Message is English and for developers; it may change.
	Message string
	// Metadata has the values of this failure, such as "decision_id".
	Metadata map[string]string
	// Violations are the fields that are wrong with the request. Empty: none was named.
	Violations []*errdetails.BadRequest_FieldViolation
	// Failure tells of the attempts that failed, where any provider was tried. Nil: none was.
	Failure *pointsmanv1.RoutingFailure

	retry  *durationpb.Duration
	status *status.Status
	cause  error
}

// toError makes an Error of whatever a call of gRPC's failed with; nil stays nil.
func toError(err error) error {
	if err == nil {
		return nil
	}
	told := status.Convert(err)
	// After retries gRPC wraps the last status in words of its own, which Convert would put into the message.
	var own interface{ GRPCStatus() *status.Status }
	if errors.As(err, &own) && own.GRPCStatus() != nil {
		told = own.GRPCStatus()
	}
	e := &Error{Code: told.Code(), Message: told.Message(), status: told, cause: err}
	for _, detail := range told.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.GetDomain() == domain {
				e.Reason, e.Metadata = detail.GetReason(), detail.GetMetadata()
			}
		case *errdetails.RetryInfo:
			e.retry = detail.GetRetryDelay()
		case *errdetails.BadRequest:
			e.Violations = detail.GetFieldViolations()
		case *pointsmanv1.RoutingFailure:
			e.Failure = detail
		}
	}
	return e
}

func (e *Error) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("pointsman: %v: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("pointsman: %v, %s: %s", e.Code, e.Reason, e.Message)
}

// RetryDelay is after how long the same request may succeed. It reports false where waiting does not help.
func (e *Error) RetryDelay() (time.Duration, bool) {
	return e.retry.AsDuration(), e.retry != nil
}

// OutputStarted reports whether a part of the answer had been sent: the same request again is then paid for twice.
func (e *Error) OutputStarted() bool {
	return e.Failure.GetOutputStarted()
}

// GRPCStatus is the status with all its details, those included that this package does not read.
func (e *Error) GRPCStatus() *status.Status {
	return e.status
}

// Unwrap returns the error as gRPC, or an interceptor of the caller, gave it.
func (e *Error) Unwrap() error {
	return e.cause
}
