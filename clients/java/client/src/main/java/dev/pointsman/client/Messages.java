package dev.pointsman.client;

import dev.pointsman.v1.ChatMessage;
import dev.pointsman.v1.ContentPart;
import dev.pointsman.v1.Role;

/** Makes the most common messages of a conversation. */
public final class Messages {

  private Messages() {}

  /** What a user says. */
  public static ChatMessage user(String text) {
    return message(Role.ROLE_USER, text);
  }

  /** What the model is told to be or do. */
  public static ChatMessage system(String text) {
    return message(Role.ROLE_SYSTEM, text);
  }

  private static ChatMessage message(Role role, String text) {
    return ChatMessage.newBuilder()
        .setRole(role)
        .addParts(ContentPart.newBuilder().setText(text))
        .build();
  }
}
