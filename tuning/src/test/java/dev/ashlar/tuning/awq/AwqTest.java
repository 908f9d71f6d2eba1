package dev.ashlar.tuning.awq;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.affine.Affine;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.BlockwiseQuantization;
import dev.ashlar.tuning.Collected;
import dev.ashlar.tuning.KilledBehindTheFirst;
import dev.ashlar.tuning.RunListener;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.RunReport;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.UnitReport;
import dev.ashlar.tuning.layerwise.OptRtn;
import dev.ashlar.tuning.layerwise.solver.ReconstructionError;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.work.WorkFolder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Searches for factors and clips by their definitions, and runs on a whole model. */
class AwqTest {
  private static final RunOptions OPTIONS = new RunOptions(4, 1, 1, true, 42);
  private static final IntegerGrid W3 = new IntegerGrid(3, 32, true);

  @TempDir private Path temporary;

  /**
   * The model with outliers in some channels, as real ones have, which hurt where weights round.
   */
  private static Decoder loud(Checkpoint source) {
    Decoder model = Architectures.load(source);
    List<Block> blocks =
        IntStream.range(0, model.blockCount())
            .mapToObj(
                b ->
                    model
                        .loadBlock(b)
                        .mapTensors(
                            (name, t) -> {
                              Tensor copy = t.copy();
                              for (int k = 0; k < copy.size(); k += 9) {
                                copy.data()[k] *= name.endsWith("norm.weight") ? 12 : 1;
                              }
                              return copy;
                            }))
            .toList();
    return model.withBlocks(blocks);
  }

  private static BlockwiseQuantization job(Decoder model, IntegerGrid grid, String... pairs) {
    Map<String, String> options = new LinkedHashMap<>();
    for (String pair : pairs) {
      options.put(pair.split("=")[0], pair.split("=")[1]);
    }
    return new BlockwiseQuantization(
        model,
        QuantizationPlan.uniform(grid),
        TinyModel.data(24, 16),
        Awq.METHOD.create(MethodOptions.of(options)),
        OPTIONS);
  }

  private static Tensor random(int rows, int columns, long seed) {
    Random random = new Random(seed);
    Tensor t = Tensor.zeros(rows, columns);
    for (int i = 0; i < t.size(); i++) {
      t.data()[i] = (float) random.nextGaussian();
    }
    return t;
  }

  @Test
  void errorsBySecondMomentsAreThoseOfTheTokens() {
    Tensor x = random(70, 32, 1);
    Tensor delta = random(8, 32, 2);
    InputStatistics s = new InputStatistics(32, Backends.chosen());
    s.add(x);
    double direct = 0;
    double magnitude = 0;
    for (int t = 0; t < 70; t++) {
      magnitude += Math.abs(x.data()[t * 32 + 5]);
      for (int o = 0; o < 8; o++) {
        double y = 0;
        for (int k = 0; k < 32; k++) {
          y += (double) delta.data()[o * 32 + k] * x.data()[t * 32 + k];
        }
        direct += y * y / 70;
      }
    }
    double found = ReconstructionError.energy(delta.data(), s.moments(), 32, Backends.chosen());
    assertEquals(direct, found, 1e-4 * direct);
    assertEquals(magnitude, s.magnitudes()[5], 1e-4);
  }

  /** Loud channels get larger factors, and outputs come closer. */
  @Test
  void loudChannelsAreProtected() {
    Tensor x = random(200, 64, 3);
    for (int i = 0; i < x.size(); i++) {
      x.data()[i] *= i % 64 == 7 || i % 64 == 40 ? 30 : 1;
    }
    InputStatistics s = new InputStatistics(64, Backends.chosen());
    s.add(x);
    float[] magnitudes = new float[64];
    for (int k = 0; k < 64; k++) {
      magnitudes[k] = (float) (s.magnitudes()[k] / 200);
    }
    Tensor w = random(48, 64, 4);
    FactorSearch.Member member = new FactorSearch.Member("w", w, new IntegerGrid(3, 32, true));
    OutputError error =
        new MomentError(Map.of("w", w), Map.of("w", s.moments()), Backends.chosen());
    for (boolean duo : new boolean[] {true, false}) {
      FactorSearch.Found found =
          new FactorSearch(
                  List.of(member), new Rounding(false, n -> new float[0]), Backends.chosen())
              .run(
                  new AwqOptions(20, duo, false, false, 1, 5),
                  magnitudes,
                  t -> {},
                  error,
                  Optional.empty());
      assertTrue(found.after() < 0.6 * found.before(), found.before() + " " + found.after());
      float[] sorted = found.factors().clone();
      Arrays.sort(sorted);
      assertTrue(found.factors()[7] >= sorted[62] && found.factors()[40] >= sorted[62]);
      assertEquals(1, sorted[0] * sorted[63], 1e-4);
    }
  }

  @Test
  void clippingLessensTheErrorOfEveryGroup() {
    Tensor w = random(16, 64, 5);
    for (int r = 0; r < 16; r++) {
      w.data()[r * 64 + 3] *= 4; // A weight that is larger than its group deserves.
    }
    Tensor x = random(300, 64, 6);
    InputStatistics s = new InputStatistics(64, Backends.chosen());
    s.add(x);
    IntegerGrid grid = new IntegerGrid(2, 32, true);
    float[] moments = s.moments();
    Tensor clipped = Clipping.clipped(w, grid, moments, Backends.chosen());
    double before = roundingError(w, w, grid, moments);
    double after = roundingError(w, clipped, grid, moments);
    assertTrue(after < 0.8 * before, before + " to " + after);
    for (int i = 0; i < w.size(); i++) {
      assertTrue(Math.abs(clipped.data()[i]) <= Math.abs(w.data()[i]));
    }
  }

  private static double roundingError(Tensor w, Tensor rounded, IntegerGrid grid, float[] moments) {
    Tensor q = Affine.nearest(rounded, grid, Backends.chosen()).dequantize();
    float[] delta = q.data();
    for (int i = 0; i < delta.length; i++) {
      delta[i] -= w.data()[i];
    }
    return ReconstructionError.energy(delta, moments, w.dim(1), Backends.chosen());
  }

  /** What helps is kept, what does not is not, and both are counted. */
  @Test
  void aRunSmoothsWhatHelpsAndSaysBy() {
    try (Checkpoint source = TinyModel.open()) {
      for (String clip : List.of("search=true", "apply_clip=false", "apply_clip=true")) {
        Collected found = new Collected();
        RunReport report = job(loud(source), W3, clip).run(found, RunListener.SILENT);
        assertEquals(14, found.layers().size());
        double smoothed = 0;
        for (UnitReport unit : report.units()) {
          Map<String, Double> figures = unit.figures();
          smoothed += figures.get(Smoothing.SMOOTHED);
          double refused = figures.getOrDefault(Smoothing.REFUSED, 0.0);
          assertEquals(4, figures.get(Smoothing.SMOOTHED) + refused);
          assertFalse(figures.containsKey(Smoothing.LEFT));
          assertEquals(clip.equals("apply_clip=true"), figures.containsKey(Smoothing.CLIPPED));
          // Beside searched scales no factor has to help.
          double most = clip.equals("search=true") ? 1 : Math.nextDown(1.0);
          assertTrue(figures.get(Smoothing.ERROR) <= most, figures.toString());
        }
        assertTrue(found.tensors().size() <= smoothed);
        if (!clip.equals("search=true")) {
          assertTrue(smoothed >= 4, report.units().toString());
          assertTrue(!found.tensors().isEmpty());
        }
      }
    }
  }

  /** On searched scales, with factors and without; to nearest where a search is left out. */
  @Test
  void layersAreJudgedAsTheyAreRoundedInTheEnd() {
    Tensor w = random(12, 64, 3);
    float[] importance = new float[64];
    float[] t = new float[64];
    for (int k = 0; k < 64; k++) {
      importance[k] = 1 + k % 5;
      t[k] = 1 + k % 3;
    }
    Tensor scaled = w.copy();
    for (int i = 0; i < w.size(); i++) {
      scaled.data()[i] *= t[i % 64];
    }
    Rounding rounding = new Rounding(true, name -> importance.clone());
    LinearLayer layer = new LinearLayer("a.q_proj", w, W3);
    float[] own = importance.clone();
    for (int k = 0; k < 64; k++) {
      own[k] /= t[k] * t[k];
    }
    float[] expected = OptRtn.quantize(layer.withWeight(scaled), own).dequantize().data();
    float[] found = rounding.of(layer, t).data();
    float[] codes = rounding.codes(layer.withWeight(scaled), t).dequantize().data();
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i] / t[i % 64], found[i]);
      assertEquals(expected[i], codes[i]);
    }
    LinearLayer eight = new LinearLayer("a.q_proj", w, new IntegerGrid(8, 32, true));
    LinearLayer expert = new LinearLayer("mlp.experts.3.up_proj", w, W3);
    for (LinearLayer plain : List.of(eight, expert)) {
      assertArrayEquals(
          Nearest.of(w, t, plain.grid(), plain.backend()).data(), rounding.of(plain, t).data());
    }
    assertFalse(Arrays.equals(rounding.of(layer, t).data(), rounding.of(expert, t).data()));
  }

  /** The judge of q, k and v: what the attention puts out, by the definition. */
  @Test
  void aModulesErrorIsThatOfItsOutputs() {
    try (Checkpoint source = TinyModel.open()) {
      Unit unit = Unit.of(List.of(Architectures.load(source).loadBlock(0)));
      List<Tensor> inputs = List.of(TinyModel.hidden(2, 8, 64), TinyModel.hidden(1, 8, 64));
      RunError error =
          new RunError(
              unit, (u, x, c, tape) -> u.modules().getFirst().run().forward(x, c, tape), inputs);
      String name = "model.layers.0.self_attn.q_proj";
      Tensor w = ((DenseWeight) unit.weights().get(name)).matrix();
      assertEquals(0, error.of(Map.of()));
      assertEquals(0, error.of(Map.of(name, w)));
      Tensor other = random(w.dim(0), w.dim(1), 8);
      Unit changed = unit.mapWeights((n, v) -> n.equals(name) ? new DenseWeight(other) : v);
      double expected = 0;
      for (Tensor x : inputs) {
        float[] a = attention(unit, x);
        float[] b = attention(changed, x);
        for (int i = 0; i < a.length; i++) {
          expected += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
        }
      }
      assertTrue(expected > 0);
      assertEquals(expected, error.of(Map.of(name, other)), 1e-9 * expected);
    }
  }

  private static float[] attention(Unit unit, Tensor x) {
    BlockContext context = BlockContext.of(x.dim(0), x.dim(1));
    return unit.modules().getFirst().run().forward(x, context, Tape.off()).copy().data();
  }

  @Test
  void samplesAreSearchedHeldOrNeither() {
    SampleSplit split = SampleSplit.of(64, 256, 2048);
    assertEquals(8, split.searched().length);
    assertEquals(4, split.held().length);
    assertEquals(52, split.rest().length);
    assertEquals(256, split.length());
    for (int count : new int[] {1, 2, 3, 5, 17}) {
      for (int length : new int[] {16, 512, 5000}) {
        SampleSplit s = SampleSplit.of(count, length, 2048);
        assertTrue(s.searched().length > 0 && s.held().length > 0);
        assertEquals(Math.min(512, length), s.length());
        Set<Integer> all = new TreeSet<>();
        IntStream.of(s.searched()).forEach(all::add);
        IntStream.of(s.held()).forEach(i -> assertEquals(count > 1, all.add(i)));
        IntStream.of(s.rest()).forEach(i -> assertTrue(all.add(i)));
        assertEquals(count, all.size());
      }
    }
  }

  @Test
  void layersThatStayFloatTakeTheirFactorsToo() {
    try (Checkpoint source = TinyModel.open()) {
      Collected found = new Collected();
      BlockwiseQuantization job =
          new BlockwiseQuantization(
              loud(source),
              QuantizationPlan.uniform(W3).withIgnored(List.of("up_proj")),
              TinyModel.data(24, 16),
              Awq.METHOD.create(MethodOptions.none()),
              OPTIONS);
      RunReport report = job.run(found, RunListener.SILENT);
      assertTrue(
          found.tensors().keySet().stream().anyMatch(n -> n.endsWith("up_proj.weight")),
          found.tensors().keySet().toString());
      assertTrue(
          report.units().getFirst().figures().get(Smoothing.ERROR) < 0.98, report.toString());
    }
  }

  @Test
  void threadsAndAKillChangeNothing() {
    try (Checkpoint source = TinyModel.open()) {
      Collected one = new Collected();
      Parallel.limited(
          1, () -> job(loud(source), W3, "apply_clip=true").run(one, RunListener.SILENT));
      Collected two = new Collected();
      Parallel.limited(
          2, () -> job(loud(source), W3, "apply_clip=true").run(two, RunListener.SILENT));
      one.assertSame(two);
      Collected resumed = new Collected();
      BlockwiseQuantization job = job(loud(source), W3, "apply_clip=true");
      try (WorkFolder work = WorkFolder.open(temporary, job.job(Map.of()), false)) {
        assertThrows(
            CancellationException.class,
            () -> job.run(Optional.of(work), new Collected(), new KilledBehindTheFirst()));
      }
      try (WorkFolder work = WorkFolder.open(temporary, job.job(Map.of()), false)) {
        assertTrue(
            job.run(Optional.of(work), resumed, RunListener.SILENT).units().getFirst().resumed());
      }
      one.assertSame(resumed);
    }
  }
}
