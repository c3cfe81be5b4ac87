package pointsman

import pointsmanv1 "github.com/pointsman/pointsman/clients/go/pointsman/v1"

// UserMessage is a message of the user that is nothing but text.
func UserMessage(text string) *pointsmanv1.ChatMessage {
	return message(pointsmanv1.Role_ROLE_USER, text)
}

// SystemMessage is an instruction that stands before or between the messages of the others.
func SystemMessage(text string) *pointsmanv1.ChatMessage {
	return message(pointsmanv1.Role_ROLE_SYSTEM, text)
}

func message(role pointsmanv1.Role, text string) *pointsmanv1.ChatMessage {
	parts := []*pointsmanv1.ContentPart{{Content: &pointsmanv1.ContentPart_Text{Text: text}}}
	return &pointsmanv1.ChatMessage{Role: role, Parts: parts}
}
