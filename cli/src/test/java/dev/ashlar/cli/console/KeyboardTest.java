package dev.ashlar.cli.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Lines, whatever they end with, and Ctrl-C as a character that a terminal sends. */
class KeyboardTest {
  private static Keyboard of(String input, boolean controls) {
    byte[] bytes = input.getBytes(StandardCharsets.UTF_8);
    return new Keyboard(new ByteArrayInputStream(bytes), controls, controls ? () -> {} : null);
  }

  @Test
  void linesEndAtLineEndsOrWithTheInput() {
    try (Keyboard keyboard = of("é日\r\n\nlast", false)) {
      assertEquals(new Keyboard.Text("é日"), keyboard.readLine());
      assertEquals(new Keyboard.Text(""), keyboard.readLine());
      assertEquals(new Keyboard.Text("last"), keyboard.readLine());
      assertEquals(new Keyboard.End(), keyboard.readLine());
    }
  }

  @Test
  void ctrlCDropsTheLineBeforeIt() {
    try (Keyboard keyboard = of("half\3\3whole\n", true)) {
      assertEquals(new Keyboard.Interrupt(false), keyboard.readLine());
      assertEquals(new Keyboard.Interrupt(true), keyboard.readLine());
      assertEquals(new Keyboard.Text("whole"), keyboard.readLine());
    }
  }

  @Test
  void aPipeMayHoldAnyCharacter() {
    try (Keyboard keyboard = of("a\3b\n", false)) {
      assertEquals(new Keyboard.Text("a\3b"), keyboard.readLine());
    }
  }

  @Test
  void aWatchSeesCtrlCAndKeepsWhatIsTypedAfterIt() throws IOException {
    AtomicInteger restored = new AtomicInteger();
    try (PipedOutputStream fingers = new PipedOutputStream();
        PipedInputStream in = new PipedInputStream(fingers);
        Keyboard keyboard = new Keyboard(in, true, restored::incrementAndGet)) {
      try (Keyboard.Watch watch = keyboard.watch()) {
        fingers.write("typed ahead\n".getBytes(StandardCharsets.UTF_8));
        fingers.flush();
        assertFalse(watch.interrupted());
        fingers.write("dropped\3kept\n".getBytes(StandardCharsets.UTF_8));
        fingers.flush();
        assertTimeoutPreemptively(
            Duration.ofSeconds(20),
            () -> {
              while (!watch.interrupted()) {
                Thread.sleep(5);
              }
            });
      }
      assertEquals(new Keyboard.Text("kept"), keyboard.readLine());
    }
    assertEquals(1, restored.get());
  }
}
