package pointsman

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// Decisions may be made again. Answers may have been paid for: to gRPC a connection that broke looks as
// a server that had no time. Hedging is not for clients to configure: each hedge is an answer that is paid for.
const serviceConfig = `{
	"methodConfig": [{
		"name": [
			{"service": "pointsman.v1.RouterService", "method": "Route"},
			{"service": "pointsman.v1.RouterService", "method": "RouteBatch"}
		],
		"retryPolicy": {
			"maxAttempts": 3,
			"initialBackoff": "0.1s",
			"maxBackoff": "2s",
			"backoffMultiplier": 2,
			"retryableStatusCodes": ["UNAVAILABLE"]
		}
	}]
}`

// maxResponse is more than any answer has.
const maxResponse = 32 << 20

// An Option changes how a client reaches its router.
type Option func(*options)

type options struct {
	key           string
	keyInTheClear bool
	plaintext     bool
	tls           *tls.Config
	timeout       time.Duration
	dial          []grpc.DialOption
}

// WithAPIKey sends a key with each call. The default, as an empty one, is to send none.
func WithAPIKey(key string) Option {
	return func(o *options) { o.key = key }
}

// WithPlaintext connects without TLS. An API key is then sent to this machine only, unless [WithKeyInTheClear] says
// otherwise.
func WithPlaintext() Option {
	return func(o *options) { o.plaintext = true }
}

// WithKeyInTheClear lets an API key go over the network in plaintext, where whoever is in between can read it.
func WithKeyInTheClear() Option {
	return func(o *options) { o.keyInTheClear = true }
}

// WithTLSConfig connects with TLS as config says, for an authority or a client certificate of one's own. The default is
// to trust the authorities that the system trusts.
func WithTLSConfig(config *tls.Config) Option {
	return func(o *options) { o.tls = config }
}

// WithTimeout says how long a call may take whose context has no deadline, [DefaultTimeout] by default.
func WithTimeout(timeout time.Duration) Option {
	return func(o *options) { o.timeout = timeout }
}

// WithDialOptions adds options of gRPC's own, such as interceptors or statistics. They prevail over what this package
// sets; interceptors see errors as gRPC has them.
func WithDialOptions(opts ...grpc.DialOption) Option {
	return func(o *options) { o.dial = append(o.dial, opts...) }
}

func (o *options) dialOptions(target string) ([]grpc.DialOption, error) {
	if o.timeout <= 0 {
		return nil, fmt.Errorf("the timeout is %v: it must be above 0", o.timeout)
	}
	if strings.ContainsFunc(o.key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the API key has a blank, a line break or another character that no key has: trim it")
	}
	transport, err := o.transport(target)
	if err != nil {
		return nil, err
	}
	opts := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultServiceConfig(serviceConfig),
		// Of a connection that died in silence a running stream would otherwise learn only by its deadline.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxResponse)),
	}
	if o.key != "" {
		opts = append(opts, grpc.WithPerRPCCredentials(bearer{key: o.key, overTLS: !o.plaintext}))
	}
	return append(opts, o.dial...), nil
}

func (o *options) transport(target string) (credentials.TransportCredentials, error) {
	switch {
	case !o.plaintext:
		return credentials.NewTLS(o.tls), nil
	case o.tls != nil:
		return nil, errors.New("a TLS configuration is of no use in plaintext: leave out WithTLSConfig or WithPlaintext")
	case o.key != "" && !o.keyInTheClear && !isLocal(target):
		return nil, fmt.Errorf(
			"the API key for %s would go over the network in plaintext: use TLS, "+
				"or say WithKeyInTheClear where the network may see it", target)
	}
	return insecure.NewCredentials(), nil
}

// isLocal reports whether a target is certain to be on this machine; of what it cannot read it is not.
func isLocal(target string) bool {
	scheme, endpoint, ok := strings.Cut(target, ":///")
	switch {
	case strings.HasPrefix(target, "unix:"), strings.HasPrefix(target, "unix-abstract:"):
		return true
	case !ok:
		endpoint = target
	case scheme != "dns" && scheme != "passthrough":
		return false
	}
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// bearer is an API key as gRPC's credentials of each call.
type bearer struct {
	key     string
	overTLS bool
}

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + b.key}, nil
}

// RequireTransportSecurity makes gRPC refuse a connection without TLS that a dial option of the caller asks for.
func (b bearer) RequireTransportSecurity() bool {
	return b.overTLS
}
