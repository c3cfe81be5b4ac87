package dev.pointsman.client;

import java.util.regex.Pattern;

/** What is known of a target by its name alone. */
final class Targets {

  // A name that merely begins like an address is somebody else's.
  private static final Pattern LOOPBACK =
      Pattern.compile("(?:localhost|127(?:\\.\\d{1,3}){3}|\\[::1]|::1)(?::\\d+)?");

  private Targets() {}

  static boolean isThisMachine(String target) {
    return target.startsWith("unix:")
        || target.startsWith("unix-abstract:")
        || LOOPBACK.matcher(target.substring(target.lastIndexOf('/') + 1)).matches();
  }
}
