package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * GGUF files that llama.cpp's own converter made of tiny models, against the logits that
 * transformers computed from those models.
 */
class GgufModelsTest {
  private static final double ATOL = 5e-5;
  private static final double RTOL = 1e-4;
  private static final Path FOLDER = Path.of("../formats/src/test/resources/gguf");

  @TempDir Path temp;

  @TestFactory
  List<DynamicTest> haveTheLogitsOfTheirModel() throws IOException {
    try (Stream<Path> all = Files.list(FOLDER)) {
      List<Path> files = all.filter(p -> Files.exists(expected(p))).sorted().toList();
      assertFalse(files.isEmpty());
      return files.stream()
          .map(f -> dynamicTest(f.getFileName().toString(), () -> hold(f)))
          .toList();
    }
  }

  /** Where the logits of a file are; nowhere for anything else. */
  private static Path expected(Path packed) {
    String name = packed.getFileName().toString();
    return packed.resolveSibling(
        name.endsWith(".gguf.gz") ? name.replace(".gguf.gz", ".safetensors") : "none");
  }

  private void hold(Path packed) throws IOException {
    Path file = temp.resolve(packed.getFileName().toString().replace(".gz", ""));
    try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
      Files.copy(in, file);
    }
    try (Checkpoint checkpoint = Checkpoints.open(file);
        SafetensorsFile expected = SafetensorsFile.open(expected(packed))) {
      Decoder decoder = Architectures.load(checkpoint);
      int[] ids = Fixtures.ints(expected, "input_ids");
      Tensor logits = decoder.forward(ids, BlockContext.of(1, ids.length), Tape.off());
      Fixtures.close("logits", expected.tensor("logits").toTensor(), logits, null, ATOL, RTOL);
    }
  }
}
