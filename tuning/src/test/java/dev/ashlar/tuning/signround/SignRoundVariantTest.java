package dev.ashlar.tuning.signround;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.BlockwiseQuantization;
import dev.ashlar.tuning.Collected;
import dev.ashlar.tuning.KilledBehindTheFirst;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.RunListener;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.RunReport;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.work.WorkFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Momentum, Adam, SignRound v2, and the tuning of norms and biases. */
class SignRoundVariantTest {
  private static final RunOptions OPTIONS = new RunOptions(4, 1, 1, true, 42);

  @TempDir private Path temporary;

  private static MethodOptions options(int iterations, String... switches) {
    Map<String, String> o = new LinkedHashMap<>();
    o.put("iters", Integer.toString(iterations));
    for (String s : switches) {
      String[] parts = s.split("=");
      o.put(parts[0], parts.length == 1 ? "true" : parts[1]);
    }
    return MethodOptions.of(o);
  }

  private static BlockwiseQuantization job(
      Checkpoint source, IntegerGrid grid, MethodOptions options) {
    return new BlockwiseQuantization(
        Architectures.load(source),
        QuantizationPlan.uniform(grid),
        TinyModel.data(16, 16),
        Methods.named("signround").create(options),
        OPTIONS);
  }

  private static RunReport run(IntegerGrid grid, MethodOptions options, Collected into) {
    try (Checkpoint source = TinyModel.open()) {
      return job(source, grid, options).run(into, RunListener.SILENT);
    }
  }

  private static double bestLoss(IntegerGrid grid, MethodOptions options) {
    return run(grid, options, new Collected())
        .units()
        .getFirst()
        .history()
        .orElseThrow()
        .bestLoss();
  }

  @Test
  void momentumStepsByTheSignOfWhatIsRemembered() {
    float[] p = {0, 0, 0};
    ParameterSteps steps = new ParameterSteps(new SignRoundVariant(0.9, false, false, false), p);
    steps.step(0, new float[] {1, 1, 0}, 0, 3, 0.5f);
    assertArrayEquals(new float[] {-0.5f, -0.5f, 0}, p);
    // 0.9·1 − 0.5 is still positive, 0.9·1 − 2 is not.
    steps.step(1, new float[] {-0.5f, -2, 0}, 0, 3, 0.25f);
    assertArrayEquals(new float[] {-0.75f, -0.25f, 0}, p);
    assertThrows(
        IllegalArgumentException.class, () -> new SignRoundVariant(1, false, false, false));
    assertThrows(
        IllegalArgumentException.class, () -> new SignRoundVariant(.5, true, false, false));
  }

  /** PyTorch's formula in double. */
  @Test
  void adamStepsAreItsFormula() {
    Random random = new Random(2);
    float[] p = {0.5f};
    ParameterSteps steps = new ParameterSteps(new SignRoundVariant(0, true, false, false), p);
    double m = 0;
    double v = 0;
    double q = 0.5;
    for (int i = 0; i < 20; i++) {
      float d = (float) random.nextGaussian();
      double lr = 0.01 * (1 - i / 20.0);
      m = 0.9 * m + 0.1 * d;
      v = 0.999 * v + 0.001 * d * d;
      double correction = Math.sqrt(1 - Math.pow(0.999, i + 1));
      q -= lr / (1 - Math.pow(0.9, i + 1)) * m / (Math.sqrt(v) / correction + 1e-8);
      steps.step(i, new float[] {d}, 0, 1, (float) lr);
      assertEquals(q, p[0], 1e-6);
    }
  }

  @Test
  void everyVariantIsBetterThanRoundToNearestAndKeepsItsBest() {
    for (boolean symmetric : new boolean[] {true, false}) {
      IntegerGrid grid = new IntegerGrid(3, 32, symmetric);
      double nearest = bestLoss(grid, options(1));
      for (String variant :
          List.of("momentum=0.5", "enable_adam", "enable_alg_ext", "enable_norm_bias_tuning")) {
        double tuned = bestLoss(grid, options(30, variant));
        assertTrue(tuned < 0.8 * nearest, variant + ": " + nearest + " to " + tuned);
      }
    }
  }

  /** In its first iteration, v2 has searched scales. */
  @Test
  void theExtensionBeginsWithSearchedScales() {
    for (boolean symmetric : new boolean[] {true, false}) {
      for (int bits : new int[] {2, 4}) {
        IntegerGrid grid = new IntegerGrid(bits, 32, symmetric);
        Collected searched = new Collected();
        try (Checkpoint source = TinyModel.open()) {
          new BlockwiseQuantization(
                  Architectures.load(source),
                  QuantizationPlan.uniform(grid),
                  TinyModel.data(16, 16),
                  Methods.named("opt-rtn").create(MethodOptions.none()),
                  OPTIONS)
              .run(searched, RunListener.SILENT);
        }
        Collected first = new Collected();
        run(grid, options(1, "enable_alg_ext"), first);
        first
            .layers()
            .forEach(
                (name, q) -> {
                  if (name.contains("layers.0.")) {
                    QuantizedMatrix s = searched.layers().get(name);
                    assertArrayEquals(
                        s.zeroPoints().scales(), q.zeroPoints().scales(), grid + " " + name);
                    assertArrayEquals(s.zeroPoints().zeros(), q.zeroPoints().zeros(), name);
                  }
                });
      }
    }
  }

  @Test
  void theFarthestElementsAreFound() {
    Random random = new Random(6);
    for (int n : new int[] {1, 7, 999, 1000, 4321, 30_000}) {
      float[] a = new float[n];
      float[] b = new float[n];
      for (int i = 0; i < n; i++) {
        a[i] = (float) random.nextGaussian();
        b[i] = random.nextInt(4) == 0 ? a[i] : Math.round(random.nextGaussian() * 8) / 8f;
        a[i] = Math.round(a[i] * 8) / 8f;
      }
      int[] expected =
          IntStream.range(0, n)
              .boxed()
              .sorted(
                  (i, j) -> {
                    int order = Float.compare(Math.abs(a[j] - b[j]), Math.abs(a[i] - b[i]));
                    return order != 0 ? order : Integer.compare(i, j);
                  })
              .limit(Math.max(1, n / 1000))
              .sorted()
              .mapToInt(Integer::intValue)
              .toArray();
      assertArrayEquals(expected, Farthest.of(a, b, n), "n = " + n);
    }
  }

  @Test
  void outliersNeitherCountNorPull() {
    int length = 50;
    int dim = 40;
    Random random = new Random(3);
    Tensor p = Tensor.zeros(1, length, dim);
    Tensor y = Tensor.zeros(1, length, dim);
    for (int i = 0; i < p.size(); i++) {
      p.data()[i] = (float) random.nextGaussian();
    }
    p.data()[77] = 100;
    p.data()[555] = -90;
    boolean[][] counted = new boolean[1][length];
    Arrays.fill(counted[0], true);
    counted[0][555 / dim] = false;
    for (Backend b : Backends.all()) {
      Tensor d = Tensor.zeros(1, length, dim);
      double sum =
          new BatchLoss(b.loss(), counted, length, 1, true)
              .squaredError(p, y, new int[] {0}, 0, d, 0.5f);
      double expected = 0;
      for (int i = 0; i < p.size(); i++) {
        boolean counts = counted[0][i / dim] && i != 77;
        expected += counts ? (double) p.data()[i] * p.data()[i] : 0;
        assertEquals(counts ? p.data()[i] : 0, d.data()[i], 1e-6, b.name() + " at " + i);
      }
      assertEquals(expected, sum, 1e-6 * expected);
    }
  }

  @Test
  void normsAreTunedWithinTheirRange() {
    IntegerGrid grid = new IntegerGrid(2, 32, true);
    Collected tuned = new Collected();
    run(grid, options(30, "enable_norm_bias_tuning"), tuned);
    assertEquals(4, tuned.tensors().size(), tuned.tensors().keySet().toString());
    try (Checkpoint source = TinyModel.open()) {
      tuned
          .tensors()
          .forEach(
              (name, t) -> {
                float[] before = source.tensor(name).toTensor().data();
                float max = 0;
                float min = 0;
                for (float x : before) {
                  max = Math.max(max, x);
                  min = Math.min(min, x);
                }
                assertFalse(Arrays.equals(before, t.data()), name);
                for (int i = 0; i < before.length; i++) {
                  assertTrue(t.data()[i] >= min && t.data()[i] <= max, name);
                  assertEquals(before[i], t.data()[i], 0.6 * (max - min) / 15, name);
                }
              });
    }
    double with = bestLoss(grid, options(60, "enable_norm_bias_tuning"));
    double without = bestLoss(grid, options(60));
    assertTrue(with < without, without + " to " + with);
  }

  @Test
  void variantsAreTheSameForAnyThreadsAndAfterAKill() {
    IntegerGrid grid = new IntegerGrid(2, 32, true);
    List<MethodOptions> variants =
        List.of(
            options(6, "enable_adam", "enable_norm_bias_tuning"),
            options(6, "enable_alg_ext", "momentum=0.9", "enable_norm_bias_tuning"));
    for (MethodOptions o : variants) {
      Collected one = new Collected();
      Parallel.limited(1, () -> run(grid, o, one));
      Collected two = new Collected();
      Parallel.limited(2, () -> run(grid, o, two));
      one.assertSame(two);
      Collected resumed = new Collected();
      try (Checkpoint source = TinyModel.open()) {
        BlockwiseQuantization job = job(source, grid, o);
        Path folder = temporary.resolve("work" + variants.indexOf(o));
        try (WorkFolder work = WorkFolder.open(folder, job.job(Map.of()), false)) {
          assertThrows(
              CancellationException.class,
              () -> job.run(Optional.of(work), new Collected(), new KilledBehindTheFirst()));
        }
        try (WorkFolder work = WorkFolder.open(folder, job.job(Map.of()), false)) {
          RunReport report = job.run(Optional.of(work), resumed, RunListener.SILENT);
          assertTrue(report.units().getFirst().resumed());
          assertFalse(report.units().getLast().resumed());
        }
      }
      one.assertSame(resumed);
    }
  }

  @Test
  void expertsThatSawNoTokenAreSaid() {
    Path moe =
        Path.of(System.getProperty("ashlar.shared", "absent"))
            .resolve("fixtures/autoround/models/qwen2_moe");
    Assumptions.assumeTrue(Files.isDirectory(moe), moe + " is not there");
    try (Checkpoint source = Checkpoints.open(moe)) {
      RunReport report =
          new BlockwiseQuantization(
                  Architectures.load(source),
                  QuantizationPlan.uniform(new IntegerGrid(4, 32, true)),
                  // Twice the same token: all experts but those of one choice see none.
                  CalibrationSet.of(List.of(new int[] {5, 5}), new boolean[][] {{true, true}}),
                  Methods.named("signround").create(options(3)),
                  new RunOptions(1, 1, 1, true, 42))
              .run(new Collected(), RunListener.SILENT);
      assertTrue(report.units().getLast().figures().get(SignRound.COLD) >= 3, report.toString());
    }
  }
}
