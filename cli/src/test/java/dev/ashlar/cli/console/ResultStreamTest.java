package dev.ashlar.cli.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.cli.command.Ashlar;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Results that nobody gets. */
class ResultStreamTest {
  private static String said(String fault) {
    OutputStream closed =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException(fault);
          }
        };
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console =
        new Console(
            ResultStream.to(closed), new PrintStream(err, true, StandardCharsets.UTF_8), false);
    assertNotEquals(0, new Ashlar(console).run("list", "formats"));
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aLossIsAFault() {
    assertTrue(said("No space left on device").contains("(No space left on device)"));
  }

  @Test
  void aReaderWhoHasHadEnoughIsNone() {
    assertEquals("", said("Broken pipe"));
  }
}
