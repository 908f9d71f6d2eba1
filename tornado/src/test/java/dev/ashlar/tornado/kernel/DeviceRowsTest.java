package dev.ashlar.tornado.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.NormKernel;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Norms, softmax, the embedding and the largest logits against the definition. */
class DeviceRowsTest {
  private static final float EPS = 1e-5f;
  private final NormKernel norms = Backends.reference().norm();

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 7", "2, 64", "5, 257"})
  void normsAreTheDefinition(int rows, int dim) {
    Random random = new Random(dim);
    float[] x = DeviceTesting.floats(random, rows * dim, 3);
    float[] w = DeviceTesting.floats(random, dim, 2);
    float[] b = DeviceTesting.floats(random, dim, 2);
    FloatArray in = DeviceTesting.device(x);
    FloatArray weight = DeviceTesting.device(w);
    FloatArray bias = DeviceTesting.device(b);
    float[] expected = new float[rows * dim];
    norms.rms(0, rows, dim, EPS, x, w, expected, new float[rows]);

    FloatArray rms = DeviceTesting.device(new float[rows * dim]);
    DeviceTesting.run(
        g -> g.task("k", DeviceRows::rms, in, weight, rms, rows, dim, EPS), in, weight, rms);
    DeviceTesting.assertClose(expected, rms, 1e-5, 1e-6, "rms");

    FloatArray byGroups = DeviceTesting.device(new float[rows * dim]);
    KernelContext context = new KernelContext();
    int items = 16;
    DeviceTesting.runGroups(
        rows,
        items,
        g -> g.task("k", DeviceRows::rmsByGroups, context, in, weight, byGroups, dim, EPS, items),
        in,
        weight,
        byGroups);
    DeviceTesting.assertClose(expected, byGroups, 1e-5, 1e-6, "rms by groups");

    FloatArray layer = DeviceTesting.device(new float[rows * dim]);
    DeviceTesting.run(
        g -> g.task("k", DeviceRows::layer, in, weight, bias, layer, rows, dim, EPS, 1),
        in,
        weight,
        bias,
        layer);
    norms.layer(0, rows, dim, EPS, x, w, b, expected, new float[rows], new float[rows]);
    DeviceTesting.assertClose(expected, layer, 1e-5, 1e-5, "layer norm");
  }

  /** Rows are heads in turns, and each head has weights of its own. */
  @ParameterizedTest
  @CsvSource({"1, 3, 4", "3, 2, 33"})
  void headsHaveNormsOfTheirOwn(int rows, int heads, int dim) {
    Random random = new Random(dim);
    float[] x = DeviceTesting.floats(random, rows * heads * dim, 3);
    float[] w = DeviceTesting.floats(random, heads * dim, 2);
    float[] b = DeviceTesting.floats(random, heads * dim, 2);
    float[] expected = new float[x.length];
    for (int i = 0; i < rows * heads; i++) {
      int h = i % heads;
      float[] row = Arrays.copyOfRange(x, i * dim, (i + 1) * dim);
      float[] own = Arrays.copyOfRange(w, h * dim, (h + 1) * dim);
      float[] ownBias = Arrays.copyOfRange(b, h * dim, (h + 1) * dim);
      float[] y = new float[dim];
      norms.layer(0, 1, dim, EPS, row, own, ownBias, y, new float[1], new float[1]);
      System.arraycopy(y, 0, expected, i * dim, dim);
    }
    FloatArray in = DeviceTesting.device(x);
    FloatArray weight = DeviceTesting.device(w);
    FloatArray bias = DeviceTesting.device(b);
    FloatArray found = DeviceTesting.device(new float[x.length]);
    DeviceTesting.run(
        g -> g.task("k", DeviceRows::layer, in, weight, bias, found, rows * heads, dim, EPS, heads),
        in,
        weight,
        bias,
        found);
    DeviceTesting.assertClose(expected, found, 1e-5, 1e-5, "norms of heads");
  }

  @Test
  void headsAreJoinedOfSharedAndOwnParts() {
    FloatArray shared = DeviceTesting.device(new float[] {1, 2, 3, 4});
    FloatArray own = DeviceTesting.device(new float[] {5, 6, 7, 8, 9, 10});
    FloatArray found = DeviceTesting.device(new float[18]);
    DeviceTesting.run(
        g -> g.task("k", DeviceRows::joinHeads, shared, own, found, 2, 3, 2, 1),
        shared,
        own,
        found);
    float[] expected = {1, 2, 5, 1, 2, 6, 1, 2, 7, 3, 4, 8, 3, 4, 9, 3, 4, 10};
    DeviceTesting.assertClose(expected, found, 0, 0, "heads");
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "4, 33", "2, 1000"})
  void softmaxIsTheDefinition(int rows, int dim) {
    float[] x = DeviceTesting.floats(new Random(dim), rows * dim, 20);
    float[] expected = new float[rows * dim];
    Backends.reference().softmax().forward(0, rows, dim, x, expected);
    FloatArray in = DeviceTesting.device(x);
    FloatArray found = DeviceTesting.device(new float[rows * dim]);
    DeviceTesting.run(g -> g.task("k", DeviceRows::softmax, in, found, rows, dim), in, found);
    DeviceTesting.assertClose(expected, found, 1e-5, 1e-9, "softmax");
  }

  @Test
  void rowsAreLookedUpScaledAndAdded() {
    int dim = 9;
    float[] table = DeviceTesting.floats(new Random(1), 5 * dim, 1);
    float[] b = DeviceTesting.floats(new Random(2), dim, 1);
    IntArray ids = IntArray.fromArray(new int[] {4, 0, 4});
    FloatArray from = DeviceTesting.device(table);
    FloatArray found = DeviceTesting.device(new float[3 * dim]);
    FloatArray bias = DeviceTesting.device(b);
    DeviceTesting.run(
        g -> g.task("k", DeviceRows::embed, ids, from, found, 3, dim, 2f), ids, from, found);
    DeviceTesting.run(g -> g.task("k", DeviceRows::addBias, found, bias, 3, dim), found, bias);
    DeviceTesting.run(g -> g.task("k", DeviceRows::add, found, found, found, 3 * dim, 1f), found);
    float[] expected = new float[3 * dim];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = 2 * (2 * table[ids.get(i / dim) * dim + i % dim] + b[i % dim]);
    }
    DeviceTesting.assertClose(expected, found, 1e-6, 1e-6, "rows");
  }

  @Test
  void logitsAreScaledAndCapped() {
    float[] x = DeviceTesting.floats(new Random(3), 50, 40);
    for (float cap : new float[] {0, 30}) {
      FloatArray found = DeviceTesting.device(x);
      DeviceTesting.run(g -> g.task("k", DeviceRows::scaleAndCap, found, 50, 0.5f, cap), found);
      float[] expected = new float[50];
      for (int i = 0; i < 50; i++) {
        expected[i] = cap > 0 ? (float) (cap * Math.tanh(0.5f * x[i] / cap)) : 0.5f * x[i];
      }
      DeviceTesting.assertClose(expected, found, 1e-5, 1e-5, "cap " + cap);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "3, 50, 7", "2, 300, 40", "1, 5, 5"})
  void theLargestComeInOrder(int rows, int dim, int count) {
    Random random = new Random(dim);
    float[] x = new float[rows * dim];
    for (int i = 0; i < x.length; i++) {
      // Few different values, so that equal ones occur.
      x[i] = random.nextInt(20) - 10;
    }
    FloatArray in = DeviceTesting.device(x);
    FloatArray values = DeviceTesting.device(new float[rows * count]);
    IntArray indices = IntArray.fromArray(new int[rows * count]);
    IntArray best = IntArray.fromArray(new int[rows]);
    DeviceTesting.run(
        g -> g.task("k", DeviceRows::topK, in, values, indices, rows, dim, count),
        in,
        values,
        indices);
    DeviceTesting.run(g -> g.task("k", DeviceRows::argmax, in, best, rows, dim), in, best);
    for (int r = 0; r < rows; r++) {
      int row = r * dim;
      int[] order =
          IntStream.range(0, dim)
              .boxed()
              .sorted(Comparator.comparingDouble(i -> -x[row + i]))
              .mapToInt(i -> i)
              .toArray();
      assertEquals(order[0], best.get(r));
      for (int i = 0; i < count; i++) {
        assertEquals(order[i], indices.get(r * count + i));
        assertEquals(x[row + order[i]], values.get(r * count + i));
      }
    }
  }
}
