package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.tensor.autograd.Tape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every family is written as a GGUF file of floats that is the same model when it is read, or is
 * refused in a sentence, and leaves nothing.
 */
class GgufFamiliesExportTest {
  private static final double TOLERANCE = 1e-4;

  @TempDir Path scratch;

  @TestFactory
  Stream<DynamicNode> aFileOfFloatsIsTheSameModel() {
    return FixtureFolders.copied().stream()
        .map(folder -> dynamicTest(FixtureFolders.name(folder), () -> convert(folder)));
  }

  private void convert(Path model) throws IOException {
    Path out = scratch.resolve(FixtureFolders.name(model));
    CommandRun run =
        CommandRun.of("convert", "--model", model, "--format", "gguf:f32", "--output-dir", out);
    if (run.status() != 0) {
      assertEquals(1, run.status(), run.err());
      assertTrue(run.err().contains("format gguf"), run.err());
      assertFalse(Files.exists(out), "nothing is left of what was refused");
      return;
    }
    float[] wanted = logits(model);
    float[] found = logits(file(out));
    double error = 0;
    double square = 0;
    for (int i = 0; i < wanted.length; i++) {
      error += Math.pow(found[i] - wanted[i], 2);
      square += Math.pow(wanted[i], 2);
    }
    assertTrue(
        error <= TOLERANCE * TOLERANCE * square, "logits off by " + Math.sqrt(error / square));
  }

  private static Path file(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> all = files.filter(f -> f.toString().endsWith(".gguf")).toList();
      assertEquals(1, all.size(), all.toString());
      return all.getFirst();
    }
  }

  private static float[] logits(Path model) {
    int[] ids = new int[24];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = 3 + (29 * i + i * i) % 100;
    }
    try (Checkpoint source = Checkpoints.open(model)) {
      return Architectures.load(source)
          .forward(ids, BlockContext.of(2, 12), Tape.off())
          .data()
          .clone();
    }
  }
}
