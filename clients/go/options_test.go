package pointsman_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	pointsman "github.com/pointsman/pointsman/clients/go"
	pointsmanv1 "github.com/pointsman/pointsman/clients/go/pointsman/v1"
)

const key = "pk-secret"

// keys is a router that answers a Route with what came as authorization.
func keys() *router {
	return &router{
		route: func(ctx context.Context, _ *pointsmanv1.RouteRequest) (*pointsmanv1.RouteResponse, error) {
			sent := strings.Join(metadata.ValueFromIncomingContext(ctx, "authorization"), "|")
			return &pointsmanv1.RouteResponse{Decision: &pointsmanv1.Decision{Reason: sent}}, nil
		},
	}
}

func sent(t *testing.T, c *pointsman.Client) string {
	t.Helper()
	response, err := c.Route(t.Context(), &pointsmanv1.RouteRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return response.GetDecision().GetReason()
}

func TestKeyIsSentWithEachCall(t *testing.T) {
	if got := sent(t, client(t, keys(), pointsman.WithAPIKey(key))); got != "Bearer "+key {
		t.Errorf("authorization was %q", got)
	}
	if got := sent(t, client(t, keys())); got != "" {
		t.Errorf("without a key authorization was %q", got)
	}
}

func TestKeyIsSentOverTLS(t *testing.T) {
	// A certificate of 127.0.0.1 and its authority, as net/http tests with.
	https := httptest.NewTLSServer(nil)
	defer https.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(https.Certificate())
	target := serve(t, keys(), grpc.Creds(credentials.NewServerTLSFromCert(&https.TLS.Certificates[0])))

	c := dial(t, target, pointsman.WithAPIKey(key), pointsman.WithTLSConfig(&tls.Config{RootCAs: trusted}))

	if got := sent(t, c); got != "Bearer "+key {
		t.Errorf("authorization was %q", got)
	}
}

func TestTLSIsTheDefault(t *testing.T) {
	c := dial(t, serve(t, keys()))

	if _, err := c.Route(t.Context(), &pointsmanv1.RouteRequest{}); err == nil {
		t.Error("a client that was told nothing spoke plaintext")
	}
}

func TestKeyNeverLeavesTheMachineInPlaintext(t *testing.T) {
	for target, local := range map[string]bool{
		"localhost:50051":                true,
		"127.0.0.1:50051":                true,
		"127.1.2.3:50051":                true,
		"[::1]:50051":                    true,
		"dns:///localhost:50051":         true,
		"passthrough:///127.0.0.1:50051": true,
		"unix:/run/pointsman.sock":       true,
		"unix:///run/pointsman.sock":     true,
		"router.example:50051":           false,
		"router.example":                 false,
		"10.0.0.1:50051":                 false,
		"0.0.0.0:50051":                  false,
		"[fd00::1]:50051":                false,
		"localhost.example:50051":        false,
		"dns:///router.example:50051":    false,
		"dns://8.8.8.8/localhost:50051":  false,
		"dns:localhost:50051":            false,
		"xds:///localhost:50051":         false,
	} {
		_, err := pointsman.NewClient(target, pointsman.WithPlaintext(), pointsman.WithAPIKey(key))
		switch {
		case err != nil && strings.Contains(err.Error(), key):
			t.Errorf("the error of %s tells the key", target)
		case local && err != nil:
			t.Errorf("a key for %s was refused: %v", target, err)
		case !local && (err == nil || !strings.Contains(err.Error(), "plaintext")):
			t.Errorf("a key for %s was not refused for plaintext: %v", target, err)
		}
	}
}

func TestKeyLeavesTheMachineInPlaintextWhereToldTo(t *testing.T) {
	dial(t, "router.example:50051", pointsman.WithPlaintext(), pointsman.WithAPIKey(key), pointsman.WithKeyInTheClear())
}

func TestDialOptionsDoNotGetAroundIt(t *testing.T) {
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())

	_, err := pointsman.NewClient("router.example:50051", pointsman.WithAPIKey(key), pointsman.WithDialOptions(plain))

	if err == nil {
		t.Error("a key was taken for a connection that a dial option made plaintext")
	}
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	for name, test := range map[string]struct {
		opts []pointsman.Option
		want string
	}{
		"two ways to connect": {
			[]pointsman.Option{pointsman.WithPlaintext(), pointsman.WithTLSConfig(&tls.Config{MinVersion: tls.VersionTLS13})},
			"leave out WithTLSConfig or WithPlaintext",
		},
		"no time":          {[]pointsman.Option{pointsman.WithTimeout(-time.Second)}, "-1s: it must be above 0"},
		"a key from files": {[]pointsman.Option{pointsman.WithAPIKey(key + "\n")}, "trim it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pointsman.NewClient("localhost:50051", test.opts...)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), key) {
				t.Errorf("NewClient() failed with %v, which should say %q", err, test.want)
			}
		})
	}
}
