package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.InferenceOptions;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backends;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.opentest4j.TestAbortedException;

/** A model whose file holds blocks of codes computes the same packed as widened to floats. */
class StoredPackedTest {
  private static final int[] IDS = {1, 5, 9, 2, 33, 7, 40};

  @TestFactory
  Stream<DynamicNode> models() {
    List<Path> files =
        Stream.of("autoround/exports", "../models").flatMap(f -> files(f).stream()).toList();
    if (files.isEmpty()) {
      return Stream.of(dynamicTest("models", () -> Assumptions.abort("skipped: no shared models")));
    }
    return files.stream().map(f -> dynamicTest(f.getFileName().toString(), () -> agree(f)));
  }

  private static List<Path> files(String folder) {
    Path root = Fixtures.shared(folder);
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(f -> f.toString().endsWith(".gguf")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void agree(Path file) {
    try (Checkpoint checkpoint = open(file)) {
      Assumptions.assumeTrue(
          checkpoint.names().stream().anyMatch(n -> checkpoint.tensor(n).quantized().isPresent()),
          "skipped: no blocks of codes in it");
      float[] dense = logits(Architectures.load(checkpoint));
      float[] packed = logits(Architectures.loadPacked(checkpoint, Backends.chosen()));
      float largest = 1;
      for (float x : dense) {
        largest = Math.max(largest, Math.abs(x));
      }
      for (int i = 0; i < dense.length; i++) {
        assertEquals(dense[i], packed[i], 2e-4 * largest, "logit " + i);
      }
      float[] rounded =
          logits(
              Architectures.loadPacked(
                  checkpoint,
                  Backends.chosen(),
                  InferenceOptions.defaults().with(ActivationPrecision.INT8)));
      for (int i = 0; i < dense.length; i++) {
        assertEquals(dense[i], rounded[i], 0.1 * largest, "with rounded activations, logit " + i);
      }
    }
  }

  private static float[] logits(Decoder decoder) {
    Tensor logits = decoder.forward(IDS, BlockContext.of(1, IDS.length), Tape.off());
    float[] copy = new float[logits.size()];
    System.arraycopy(logits.data(), 0, copy, 0, copy.length);
    return copy;
  }

  private static Checkpoint open(Path file) {
    try {
      return Checkpoints.open(file);
    } catch (InputException e) {
      throw new TestAbortedException("skipped: not a model that can be read: " + e.getMessage());
    }
  }
}
