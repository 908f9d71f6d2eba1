package dev.ashlar.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.AshlarException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Weights beside the codes, from the method to the file and back. */
class OutliersTest {
  @TempDir private Path scratch;

  private static Quantization job(Path output, String method) {
    int[][] ids = Fixtures.tokens(8, 32).toArray(new int[0][]);
    return Quantization.of(Fixtures.LLAMA)
        .groupSize(32)
        .bits(3)
        .asymmetric()
        .tokens(List.of(ids).iterator())
        .samples(8)
        .length(32)
        .batchSize(4)
        .method(method)
        .into(output);
  }

  @ParameterizedTest
  @CsvSource({
    "quantease_outlier, outlier, 0.02",
    "quantease_outlier, structure_outlier, true",
    "spqr, outlier_threshold, 0.2",
    "spqr, qq_scale_bits, 3"
  })
  void aFolderHoldsThemAndRunsWithThem(String method, String option, String value) {
    Path output = scratch.resolve("out");
    job(output, method).option(option, value).formats("ashlar", "fake").run();
    try (Checkpoint packed = Checkpoints.open(output.resolve("ashlar"));
        Checkpoint floats = Checkpoints.open(output.resolve("fake"))) {
      assertEquals(14, packed.quantizedNames().size());
      boolean beside = false;
      for (String module : packed.quantizedNames()) {
        QuantizedMatrix q = packed.quantized(module).orElseThrow();
        beside |= q.outliers().isPresent();
        Tensor expected = q.dequantize();
        float[] found = new float[expected.size()];
        floats.tensor(module + ".weight").read(0, found, 0, found.length);
        assertArrayEquals(expected.data(), found, module);
      }
      assertEquals(!option.startsWith("qq"), beside);
    }
    float[] logits = logits(output.resolve("ashlar"));
    assertArrayEquals(logits(output.resolve("fake")), logits, 1e-3f);
    try (LanguageModel packed = LanguageModel.open(output.resolve("ashlar"))) {
      Path again = scratch.resolve("again");
      assertThrows(AshlarException.class, () -> packed.export(again, "auto_round"));
      packed.export(again, "ashlar");
      assertArrayEquals(logits, logits(again));
    }
  }

  /** GPTQ by descending inputs: groups that do not lie together, in formats of the peers. */
  @Test
  void reorderedColumnsReachTheFormatsOfThePeers() {
    Path output = scratch.resolve("out");
    job(output, "gptq").option("act_order", true).formats("auto_gptq", "auto_round", "fake").run();
    float[] expected = logits(output.resolve("fake"));
    assertArrayEquals(expected, logits(output.resolve("auto_round")), 1e-3f);
    try (Checkpoint packed = Checkpoints.open(output.resolve("auto_gptq"))) {
      assertTrue(
          packed.quantizedNames().stream()
              .anyMatch(m -> packed.quantized(m).orElseThrow().groupOfColumn() != null));
    }
  }

  private static float[] logits(Path folder) {
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      int[] ids = {5, 9, 200, 31, 7};
      return Architectures.load(checkpoint)
          .forward(ids, BlockContext.of(1, ids.length), Tape.off())
          .copy()
          .data();
    }
  }

  @Test
  void aFormatWithoutRoomIsRefusedBeforeAnythingIsDone() {
    for (String format : new String[] {"auto_round", "auto_gptq"}) {
      Path output = scratch.resolve(format);
      AshlarException e =
          assertThrows(AshlarException.class, () -> job(output, "spqr").formats(format).run());
      assertTrue(e.getMessage().contains("choose one of ashlar, gguf, fake"), e.getMessage());
      assertFalse(Files.exists(output.resolve("config.json")));
    }
  }
}
