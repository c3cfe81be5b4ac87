// Package pointsman is the client of Pointsman, a router for language models.
//
// A [Client] holds one connection and is for any number of goroutines:
//
//	client, err := pointsman.NewClient("router.example:443", pointsman.WithAPIKey(key))
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//
// [Client.Complete] routes a request, runs it and streams the answer. Leaving the loop, by whatever way, cancels the
// call, and with it what the provider was doing:
//
//	var answer pointsman.Answer
//	for event, err := range client.Complete(ctx, request) {
//		if err != nil {
//			return err
//		}
//		answer.Add(event)
//		fmt.Print(event.GetTextDelta().GetText())
//	}
//
// Requests and responses are messages of the contract itself, in
// [github.com/pointsman/pointsman/clients/go/pointsman/v1].
//
// # Deadlines
//
// A call whose context has no deadline is given one of [DefaultTimeout], or of [WithTimeout].
//
// # Retries
//
// A decision that the server had no time for (UNAVAILABLE to Route and RouteBatch) is tried again twice by gRPC itself,
// after the delay that the server names. An answer never is: where a connection broke it may have been paid for. OVERLOADED
// and SHUTTING_DOWN, after [Error.RetryDelay], and every other failure are the caller's to judge: see [Error]. Never hedge
// calls: each hedge is an answer that is paid for.
package pointsman
