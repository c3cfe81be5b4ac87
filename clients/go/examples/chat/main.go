// Chat asks a router which model a prompt should go to, then has it answered, and prints the answer as it comes. It
// gives up after a while, and Ctrl-C stops the answer, at the provider too.
//
//	go run ./examples/chat -plaintext "Why do points need switching?"
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"time"

	pointsman "github.com/pointsman/pointsman/clients/go"
	pointsmanv1 "github.com/pointsman/pointsman/clients/go/pointsman/v1"
)

func main() {
	log.SetFlags(0)
	target := flag.String("target", "localhost:50051", "where the router listens")
	plaintext := flag.Bool("plaintext", false, "connect without TLS")
	timeout := flag.Duration("timeout", 30*time.Second, "how long it may take in all")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: chat [options] PROMPT     POINTSMAN_API_KEY is the API key, if any")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}

	opts := []pointsman.Option{pointsman.WithAPIKey(os.Getenv("POINTSMAN_API_KEY"))}
	if *plaintext {
		opts = append(opts, pointsman.WithPlaintext())
	}
	// Ctrl-C cancels, and so does the deadline.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()

	if err := chat(ctx, *target, opts, strings.Join(flag.Args(), " ")); err != nil {
		log.Fatal(explained(err))
	}
}

func chat(ctx context.Context, target string, opts []pointsman.Option, prompt string) error {
	client, err := pointsman.NewClient(target, opts...)
	if err != nil {
		return err
	}
	defer client.Close()
	input := &pointsmanv1.CompletionInput{Messages: []*pointsmanv1.ChatMessage{pointsman.UserMessage(prompt)}}

	routed, err := client.Route(ctx, &pointsmanv1.RouteRequest{Input: input})
	if err != nil {
		return err
	}
	fmt.Printf("%s: %s\n\n", routed.GetDecision().GetModel(), routed.GetDecision().GetReason())

	var answer pointsman.Answer
	for event, err := range client.Complete(ctx, &pointsmanv1.CompleteRequest{Input: input}) {
		if err != nil {
			fmt.Println()
			return err
		}
		answer.Add(event)
		fmt.Print(event.GetTextDelta().GetText())
	}
	fmt.Printf("\n\n%s, %d output tokens, $%.6f\n", answer.Finish.GetServedBy().GetModel(),
		answer.Usage.GetUsage().GetOutputTokens(), float64(answer.Usage.GetCost().GetTotalNanoUsd())/1e9)
	return nil
}

// explained says what a caller would do about an error.
func explained(err error) string {
	var failure *pointsman.Error
	if !errors.As(err, &failure) {
		return err.Error()
	}
	if delay, ok := failure.RetryDelay(); ok {
		return fmt.Sprintf("%v; it may go well in %v", failure, delay)
	}
	return failure.Error()
}
