package dev.ashlar.tornado.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.Linear;
import dev.ashlar.nn.layer.Router;
import dev.ashlar.nn.layer.ScoreRouter;
import dev.ashlar.nn.layer.SparseMixRouter;
import dev.ashlar.nn.op.Route;
import dev.ashlar.nn.op.Routing;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Routers against the processor's, and products with chosen experts against the definition's. */
class DeviceExpertsTest {
  private static final int ROWS = 5;
  private static final int ACTIVE = 4;

  @ParameterizedTest
  @CsvSource({
    "4, 2, SOFTMAX, true, 1, false, 1, 1, false",
    "7, 3, SOFTMAX, false, 2.5, false, 1, 1, false",
    "8, 8, SIGMOID, true, 1, true, 1, 1, false",
    "12, 4, SIGMOID, true, 2.5, true, 4, 2, true",
    "12, 2, SOFTMAX, false, 16, false, 3, 1, false",
    "6, 1, SOFTMAX, true, 1, true, 6, 3, true"
  })
  void scoresAreTheProcessors(
      int experts,
      int perToken,
      Route.Score score,
      boolean normalize,
      float scale,
      boolean corrected,
      int groups,
      int topGroups,
      boolean byTwo) {
    Random random = new Random(experts);
    float[] logits = DeviceTesting.floats(random, ROWS * experts, 3);
    float[] added = corrected ? DeviceTesting.floats(random, experts, 0.4f) : new float[experts];
    Router router =
        new ScoreRouter(
            identity(experts),
            score,
            perToken,
            normalize,
            scale,
            corrected ? Tensor.of(added, experts) : null,
            "bias",
            groups,
            topGroups,
            byTwo);

    FloatArray in = DeviceTesting.device(logits);
    FloatArray correction = DeviceTesting.device(added);
    FloatArray scratch =
        DeviceTesting.device(new float[ROWS * DeviceRouting.scratch(experts, groups)]);
    IntArray active = IntArray.fromArray(new int[] {ACTIVE});
    IntArray choice = untouched(perToken);
    FloatArray weights = DeviceTesting.device(new float[ROWS * perToken]);
    int sigmoid = score == Route.Score.SIGMOID ? 1 : 0;
    int sumToOne = normalize ? 1 : 0;
    int two = byTwo ? 1 : 0;
    DeviceTesting.run(
        g ->
            g.task(
                "k",
                DeviceRouting::largest,
                in,
                correction,
                scratch,
                active,
                choice,
                weights,
                ROWS,
                experts,
                perToken,
                sigmoid,
                sumToOne,
                scale,
                groups,
                topGroups,
                two),
        in,
        correction,
        scratch,
        active,
        choice,
        weights);
    compare(router, logits, experts, perToken, choice, weights);
  }

  @ParameterizedTest
  @ValueSource(floats = {0.01f, 0.3f})
  void sparseMixIsTheProcessors(float jitter) {
    int experts = 6;
    float[] logits = DeviceTesting.floats(new Random(1), ROWS * experts, 2);
    FloatArray in = DeviceTesting.device(logits);
    IntArray active = IntArray.fromArray(new int[] {ACTIVE});
    IntArray choice = untouched(2);
    FloatArray weights = DeviceTesting.device(new float[ROWS * 2]);
    float tolerance = 2 * jitter;
    DeviceTesting.run(
        g ->
            g.task(
                "k",
                DeviceRouting::sparseMix,
                in,
                active,
                choice,
                weights,
                ROWS,
                experts,
                tolerance),
        in,
        active,
        choice,
        weights);
    compare(new SparseMixRouter(identity(experts), jitter), logits, experts, 2, choice, weights);
  }

  private static Linear identity(int n) {
    Tensor w = Tensor.zeros(n, n);
    for (int i = 0; i < n; i++) {
      w.data()[i * n + i] = 1;
    }
    return new Linear("gate", new DenseWeight(w), null);
  }

  private static IntArray untouched(int perToken) {
    int[] choice = new int[ROWS * perToken];
    Arrays.fill(choice, -7);
    return IntArray.fromArray(choice);
  }

  private static void compare(
      Router router,
      float[] logits,
      int experts,
      int perToken,
      IntArray choice,
      FloatArray weights) {
    Tape tape = Tape.off(Backends.reference());
    Routing routing = router.route(Tensor.of(logits, ROWS, experts), tape);
    Tensor expected = tape.apply(routing);
    for (int r = 0; r < ROWS; r++) {
      List<Integer> chosen = new ArrayList<>();
      for (int i = 0; i < perToken; i++) {
        int s = r * perToken + i;
        int e = choice.get(s);
        if (r >= ACTIVE) {
          assertEquals(-7, e, "a row that nobody has stays");
          continue;
        }
        int row = r;
        assertTrue(routing.uses(r, e), () -> "row " + row + " does not use " + e);
        assertTrue(!chosen.contains(e), "chosen twice");
        chosen.add(e);
        float want = expected.data()[r * experts + e];
        assertEquals(want, weights.get(s), 1e-5 * Math.abs(want) + 1e-7);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "2, 64, 128, true",
    "3, 32, 75, false",
    "4, 32, 64, true",
    "8, 16, 40, false",
    "6, 16, 48, true"
  })
  void productsAreThoseOfTheChosen(int bits, int size, int in, boolean fromStream) {
    int experts = 3;
    int perToken = 2;
    int out = 11;
    Random random = new Random(bits);
    int places = ROWS * perToken;
    int share = fromStream ? perToken : 1;
    List<QuantizedMatrix> all = new ArrayList<>();
    List<DeviceMatrix> stacked = new ArrayList<>();
    float[] floats = new float[experts * out * in];
    for (int e = 0; e < experts; e++) {
      QuantizedMatrix m = DevicePackedTest.matrix(random, bits, size, out, in);
      all.add(m);
      stacked.add(DeviceMatrix.of(m));
      System.arraycopy(m.dequantize().data(), 0, floats, e * out * in, out * in);
    }
    DeviceMatrix w = DeviceMatrix.stack(stacked);
    float[] x = DeviceTesting.floats(random, places / share * in, 1);
    float[] bias = DeviceTesting.floats(random, experts * out, 1);
    int[] chosen = random.ints(places, 0, experts).toArray();
    float[] expected = new float[places * out];
    var packed = Backends.reference().packed();
    for (int s = 0; s < ACTIVE * perToken; s++) {
      float[] y = new float[out];
      float[] row = Arrays.copyOfRange(x, s / share * in, (s / share + 1) * in);
      packed.multiply(1, row, 0, packed.pack(all.get(chosen[s])), y, 0);
      System.arraycopy(y, 0, expected, s * out, out);
    }

    FloatArray rows = DeviceTesting.device(x);
    FloatArray dense = DeviceTesting.device(floats);
    IntArray choice = IntArray.fromArray(chosen);
    IntArray active = IntArray.fromArray(new int[] {ACTIVE});
    FloatArray found = DeviceTesting.device(new float[places * out]);
    DeviceTesting.run(
        g ->
            g.task(
                "k",
                DeviceExperts::packedXwt,
                rows,
                w.words(),
                w.scales(),
                w.minimums(),
                found,
                choice,
                active,
                places,
                perToken,
                share,
                out,
                in,
                bits,
                size,
                w.wordsPerRow()),
        rows,
        w.words(),
        w.scales(),
        w.minimums(),
        found,
        choice,
        active);
    DeviceTesting.assertClose(expected, found, 1e-5, 2e-4, "packed");

    FloatArray plain = DeviceTesting.device(new float[places * out]);
    DeviceTesting.run(
        g ->
            g.task(
                "k",
                DeviceExperts::xwt,
                rows,
                dense,
                plain,
                choice,
                active,
                places,
                perToken,
                share,
                out,
                in),
        rows,
        dense,
        plain,
        choice,
        active);
    DeviceTesting.assertClose(expected, plain, 1e-5, 2e-4, "floats");

    if (w.isAligned()) {
      int items = 16;
      FloatArray byGroups = DeviceTesting.device(new float[places * out]);
      KernelContext context = new KernelContext();
      DeviceTesting.runGroups(
          places * out,
          items,
          g ->
              g.task(
                  "k",
                  DeviceExperts::packedXwtByGroups,
                  context,
                  rows,
                  w.words(),
                  w.scales(),
                  w.minimums(),
                  byGroups,
                  choice,
                  active,
                  perToken,
                  share,
                  out,
                  in,
                  bits,
                  size,
                  items),
          rows,
          w.words(),
          w.scales(),
          w.minimums(),
          byGroups,
          choice,
          active);
      DeviceTesting.assertClose(expected, byGroups, 1e-5, 2e-4, "by groups");
    }

    FloatArray biases = DeviceTesting.device(bias);
    DeviceTesting.run(
        g -> g.task("k", DeviceExperts::addBias, plain, biases, choice, places, out),
        plain,
        biases,
        choice);
    for (int i = 0; i < expected.length; i++) {
      expected[i] += bias[chosen[i / out] * out + i % out];
    }
    DeviceTesting.assertClose(expected, plain, 1e-5, 2e-4, "biases");
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "7, 3"})
  void outputsAreWeighedAndSummed(int dim, int perToken) {
    Random random = new Random(dim);
    float[] x = DeviceTesting.floats(random, ROWS * perToken * dim, 1);
    float[] weight = DeviceTesting.floats(random, ROWS * perToken, 1);
    float[] shared = DeviceTesting.floats(random, ROWS * dim, 1);
    float[] gate = DeviceTesting.floats(random, ROWS, 4);
    float[] expected = new float[ROWS * dim];
    for (int i = 0; i < expected.length; i++) {
      int r = i / dim;
      double sum = shared[i] / (1 + Math.exp(-gate[r]));
      for (int e = 0; e < perToken; e++) {
        int s = r * perToken + e;
        sum += (double) weight[s] * x[s * dim + i % dim];
      }
      expected[i] = (float) sum;
    }
    FloatArray outputs = DeviceTesting.device(x);
    FloatArray weights = DeviceTesting.device(weight);
    FloatArray other = DeviceTesting.device(shared);
    FloatArray gates = DeviceTesting.device(gate);
    FloatArray found = DeviceTesting.device(new float[ROWS * dim]);
    DeviceTesting.run(
        g -> g.task("k", DeviceExperts::combine, outputs, weights, found, ROWS, dim, perToken),
        outputs,
        weights,
        found);
    DeviceTesting.run(
        g -> g.task("k", DeviceExperts::addGated, other, gates, found, ROWS, dim),
        other,
        gates,
        found);
    DeviceTesting.assertClose(expected, found, 1e-5, 1e-5, "sums");
  }
}
