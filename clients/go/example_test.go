package pointsman_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	pointsman "github.com/pointsman/pointsman/clients/go"
	pointsmanv1 "github.com/pointsman/pointsman/clients/go/pointsman/v1"
)

func ExampleClient_Complete() {
	client, err := pointsman.NewClient("router.example:443", pointsman.WithAPIKey(os.Getenv("POINTSMAN_API_KEY")))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	conversation := &pointsmanv1.CompletionInput{
		Messages: []*pointsmanv1.ChatMessage{pointsman.UserMessage("Why do points need switching?")},
	}
	var answer pointsman.Answer
	for event, err := range client.Complete(ctx, &pointsmanv1.CompleteRequest{Input: conversation}) {
		if err != nil {
			log.Print(err)
			return
		}
		answer.Add(event)
		fmt.Print(event.GetTextDelta().GetText())
	}
	// The next question follows the answer, which goes back as it came.
	conversation.Messages = append(conversation.Messages, answer.Message(), pointsman.UserMessage("And who does it?"))
}

func ExampleError() {
	var err error // as any call returned it

	var failure *pointsman.Error
	if errors.As(err, &failure) {
		switch delay, ok := failure.RetryDelay(); {
		case failure.Reason == "BUDGET_EXHAUSTED":
			fmt.Println("nothing more until", failure.Metadata["resets_at"])
		case ok && !failure.OutputStarted():
			fmt.Println("worth another try in", delay)
		}
	}
}
