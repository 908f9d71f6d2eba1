package dev.ashlar.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tuning.RunReport;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are given a time in place of numbers. */
class TimedQuantizationTest {
  @TempDir Path scratch;

  private static Quantization tiny(Path output) {
    return Quantization.of(Fixtures.LLAMA)
        .method("feedback")
        .bits(2)
        .groupSize(32)
        .asymmetric()
        .tokens(Fixtures.tokens(120, 16).iterator())
        .length(16)
        .into(output);
  }

  @Test
  void theNumbersOfATimeWriteTheSameBytes() throws IOException {
    Path timed = scratch.resolve("timed");
    Path again = scratch.resolve("again");
    RunReport.Timed time = tiny(timed).minutes(0.05).run().run().timed().orElseThrow();
    assertEquals(3000, time.asked().toMillis());
    Quantization numbers = tiny(again).samples(time.numbers().samples()).batchSize(4);
    time.numbers().options().forEach(numbers::option);
    assertTrue(numbers.run().run().timed().isEmpty());
    Fixtures.assertSameFolder(timed, again);
  }

  @Test
  void othersKeepToNoTime() {
    for (String method : new String[] {"signround", "rtn", "gptq"}) {
      Quantization run = tiny(scratch.resolve("none")).method(method).minutes(1);
      String said = assertThrows(IllegalArgumentException.class, run::run).getMessage();
      assertEquals("method " + method + " has no option minutes; --method feedback has it", said);
      String recipe =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> tiny(scratch.resolve("none")).method(method).recipe("fast").run())
              .getMessage();
      assertTrue(recipe.startsWith("no recipe 'fast'") && recipe.contains("feedback"), recipe);
    }
  }
}
