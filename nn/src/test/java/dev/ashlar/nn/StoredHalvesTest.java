package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.HalfWeight;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backends;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Models in 16 bits are run in 16 bits, and compute what the same models in floats do. */
class StoredHalvesTest {
  private static final int[] IDS = {1, 5, 9, 2, 33, 7, 40};

  @TestFactory
  Stream<DynamicNode> families() {
    return Fixtures.folders(Fixtures.copied()).stream()
        .flatMap(
            folder ->
                Stream.of(DType.BF16, DType.F16)
                    .map(
                        type ->
                            dynamicTest(
                                folder.getFileName() + " " + type, () -> agree(folder, type))));
  }

  private static void agree(Path folder, DType type) {
    try (Altered source = halves(folder, type)) {
      Decoder runner = Architectures.loadPacked(source, Backends.chosen());
      float[] expected = logits(Architectures.load(source));
      float[] found = logits(runner);
      float largest = 1;
      for (float x : expected) {
        largest = Math.max(largest, Math.abs(x));
      }
      assertArrayEquals(expected, found, 2e-5f * largest);
      Set<String> kinds = new HashSet<>();
      runner.mapWeights(
          (name, w) -> {
            assertTrue(!(w instanceof DenseWeight), name + " was widened");
            if (w instanceof HalfWeight half) {
              kinds.add(half.matrix().type().name());
            }
            return w;
          });
      assertEquals(Set.of(type.name()), kinds);
    }
  }

  private static Altered halves(Path folder, DType type) {
    Altered source = new Altered(folder);
    for (String name : Set.copyOf(source.names())) {
      if (!source.tensor(name).dtype().isFloat()) {
        continue;
      }
      Tensor t = source.tensor(name).toTensor();
      for (int i = 0; i < t.size(); i++) {
        t.data()[i] = type.rounded(t.data()[i]);
      }
      source.with(name, t, type);
    }
    return source;
  }

  @Test
  void aDamagedMatrixIsNamed() {
    for (DType type : new DType[] {DType.BF16, DType.F16}) {
      try (Altered source = halves(Fixtures.copied().resolve("llama"), type)) {
        String name = "model.layers.1.mlp.down_proj.weight";
        Tensor t = source.tensor(name).toTensor();
        t.data()[t.size() - 1] = Float.POSITIVE_INFINITY;
        source.with(name, t, type);
        InputException e =
            assertThrows(
                InputException.class, () -> Architectures.loadPacked(source, Backends.chosen()));
        assertTrue(e.getMessage().contains(name), e.getMessage());
      }
    }
  }

  private static float[] logits(Decoder decoder) {
    Tensor logits = decoder.forward(IDS, BlockContext.of(1, IDS.length), Tape.off());
    return Arrays.copyOf(logits.data(), logits.size());
  }
}
