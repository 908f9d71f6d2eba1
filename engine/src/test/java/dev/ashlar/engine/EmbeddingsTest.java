package dev.ashlar.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Texts of all lengths together give the vectors that each gives alone, bit for bit. */
class EmbeddingsTest {
  private static final Path MODELS = Fixtures.LLAMA.getParent();
  private static final int[] LENGTHS = {
    1, 4, 5, 12, 13, 15, 16, 17, 31, 33, 40, 48, 24, 19, 57, 2, 28, 60, 16, 45, 64, 63, 50, 20
  };

  @TestFactory
  Stream<DynamicTest> everyFamily() throws IOException {
    try (Stream<Path> folders = Files.list(MODELS)) {
      List<Path> all = folders.filter(Files::isDirectory).sorted().toList();
      assertTrue(all.size() > 30, "only " + all.size() + " families");
      return all.stream().map(f -> dynamicTest(f.getFileName().toString(), () -> same(f)));
    }
  }

  private static void same(Path folder) {
    try (Checkpoint source = Checkpoints.open(folder)) {
      Decoder decoder = Architectures.load(source);
      Random random = new Random(3);
      List<int[]> texts = new ArrayList<>();
      for (int length : LENGTHS) {
        texts.add(random.ints(length, 0, decoder.spec().vocab()).toArray());
      }
      EmbeddingOptions mean = EmbeddingOptions.defaults();
      List<float[]> all = of(decoder, mean, texts);
      List<float[]> last = of(decoder, mean.with(EmbeddingOptions.Pooling.LAST), texts);
      for (int t = 0; t < LENGTHS.length; t++) {
        String text = LENGTHS[t] + " tokens";
        assertArrayEquals(of(decoder, mean, texts.subList(t, t + 1)).getFirst(), all.get(t), text);
        if (LENGTHS[t] == 1) {
          assertArrayEquals(last.get(t), all.get(t));
        }
        assertArrayEquals(direct(decoder, texts.get(t)), last.get(t), 1e-4f, text);
      }
    }
  }

  private static List<float[]> of(Decoder decoder, EmbeddingOptions how, List<int[]> texts) {
    return new Embeddings(decoder, 4096, how).of(texts);
  }

  /** The last hidden state, scaled, by whole sequences without a cache. */
  private static float[] direct(Decoder decoder, int[] ids) {
    Tape tape = Tape.off();
    Tensor hidden =
        decoder.finalNorm(decoder.hidden(ids, BlockContext.of(1, ids.length), tape), tape);
    int dim = hidden.dim(-1);
    double size = 0;
    for (int i = 0; i < dim; i++) {
      size += Math.pow(hidden.data()[(ids.length - 1) * dim + i], 2);
    }
    float[] last = new float[dim];
    for (int i = 0; i < dim; i++) {
      last[i] = (float) (hidden.data()[(ids.length - 1) * dim + i] / Math.sqrt(size));
    }
    return last;
  }

  @Test
  void whatDoesNotFitIsRefusedBeforeAnythingIsComputed() {
    try (Checkpoint source = Checkpoints.open(Fixtures.LLAMA)) {
      Embeddings embeddings =
          new Embeddings(Architectures.load(source), 20, EmbeddingOptions.defaults());
      String empty =
          assertThrows(
                  InputException.class, () -> embeddings.of(List.of(new int[] {3}, new int[0])))
              .getMessage();
      assertTrue(empty.contains("empty"), empty);
      assertThrows(InputException.class, () -> embeddings.of(List.of(new int[21])));
      assertEquals(List.of(), embeddings.of(List.of()));
    }
  }
}
