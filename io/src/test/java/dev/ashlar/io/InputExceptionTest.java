package dev.ashlar.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.json.Json;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Messages about files from strangers stay one line of readable length. */
class InputExceptionTest {
  private static String message(String name) {
    return InputException.in("f").place(name).problem("is odd").exception().getMessage();
  }

  @Test
  void whatIsNotShownIsSpelled() {
    // A line end, one that turns the reading direction, half of a pair, and what is fine as it is.
    assertEquals(
        "f: a\\u000ab\\u202ec\\ud83d\u4e16\ud83d\ude00: is odd",
        message("a\nb\u202ec\ud83d\u4e16\ud83d\ude00"));
  }

  @Test
  void spellingDoesNotMakeAPartLong() {
    String plain = message("x".repeat(5000));
    String spelled = message("\u0000".repeat(5000));
    assertTrue(plain.length() < 1100, plain);
    assertTrue(spelled.length() < 1100, spelled);
    assertTrue(spelled.contains("(5000 characters)"), spelled);
  }

  @Test
  void aDocumentIsQuotedBriefly() {
    byte[] noJson = ("\u0120" + "\u0001".repeat(10_000)).getBytes(StandardCharsets.UTF_8);
    try {
      Json.parse(noJson, "f");
    } catch (InputException e) {
      assertTrue(e.getMessage().length() < 700, e.getMessage());
      return;
    }
    throw new AssertionError("was taken for JSON");
  }
}
