package dev.ashlar.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.MemoryWeights;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.calibration.Shuffle;
import dev.ashlar.tuning.layerwise.Layerwise;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.LinearQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.ObservedWeight;
import dev.ashlar.tuning.method.TuningException;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.plan.SchemeOverride;
import dev.ashlar.tuning.quality.LogitComparison;
import dev.ashlar.tuning.quality.WindowListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BlockwiseQuantizationTest {
  private static final IntegerGrid W3 = new IntegerGrid(3, 32, true);
  private static final RunOptions OPTIONS = new RunOptions(4, 1, 1, true, 42);

  private static BlockQuantizer signRound(int iterations) {
    return Methods.named("signround")
        .create(MethodOptions.of(Map.of("iters", Integer.toString(iterations))));
  }

  private static BlockQuantizer nearest() {
    return Methods.named("rtn").create(MethodOptions.none());
  }

  private static void assertSame(
      Map<String, QuantizedMatrix> a, Map<String, QuantizedMatrix> b, String part) {
    a.forEach(
        (name, q) -> {
          if (name.contains(part)) {
            assertArrayEquals(q.codes().values(), b.get(name).codes().values(), name);
            assertArrayEquals(q.zeroPoints().scales(), b.get(name).zeroPoints().scales(), name);
          }
        });
  }

  @Test
  void everyMethodQuantizesEveryLayerOfEveryBlock() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      for (Method method : Methods.ALL) {
        BlockQuantizer quantizer = method.create(MethodOptions.none());
        BlockwiseQuantization run =
            new BlockwiseQuantization(
                model,
                QuantizationPlan.uniform(new IntegerGrid(4, 32, false)),
                TinyModel.data(8, 8),
                quantizer,
                OPTIONS);
        Map<String, QuantizedMatrix> layers = TinyModel.collect(run);
        assertEquals(14, layers.size(), method.name());
        assertEquals(run.schemes().keySet(), layers.keySet());
        assertFalse(quantizer.describe().isEmpty());
      }
    }
  }

  @Test
  void tuningBringsTheModelCloserThanRoundToNearest() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      QuantizationPlan plan = QuantizationPlan.uniform(W3);
      CalibrationSet data = TinyModel.data(32, 16);
      Map<String, QuantizedMatrix> tuned =
          TinyModel.collect(new BlockwiseQuantization(model, plan, data, signRound(40), OPTIONS));
      Map<String, QuantizedMatrix> rounded =
          TinyModel.collect(
              new BlockwiseQuantization(model, plan, CalibrationSet.none(), nearest(), OPTIONS));
      int[] ids = TinyModel.data(12, 16).ids(0, 12);
      double far = kl(model, rounded, ids);
      double near = kl(model, tuned, ids);
      assertTrue(near < 0.7 * far, near + " against " + far);
    }
  }

  private static double kl(Decoder model, Map<String, QuantizedMatrix> layers, int[] ids) {
    return LogitComparison.of(
            model, TinyModel.quantized(model, layers), ids, 16, 0, WindowListener.SILENT)
        .klDivergence();
  }

  @Test
  void withoutQuantizedInputsBlocksAreIndependent() {
    try (Checkpoint source = TinyModel.open()) {
      RunOptions apart = new RunOptions(4, 1, 1, false, 42);
      CalibrationSet data = TinyModel.data(12, 16);
      Map<String, SchemeOverride> firstFloat =
          Map.of("model\\.layers\\.0\\..*", SchemeOverride.bits(16));
      Decoder model = Architectures.load(source);
      QuantizationPlan plan = QuantizationPlan.uniform(W3);
      Map<String, QuantizedMatrix> both =
          TinyModel.collect(new BlockwiseQuantization(model, plan, data, signRound(4), apart));
      Map<String, QuantizedMatrix> second =
          TinyModel.collect(
              new BlockwiseQuantization(
                  model, plan.withRules(firstFloat), data, signRound(4), apart));
      assertEquals(7, second.size());
      assertSame(second, both, "layers.1");
    }
  }

  @Test
  void severalBlocksCanBeTunedAsOne() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      BlockwiseQuantization run =
          new BlockwiseQuantization(
              model,
              QuantizationPlan.uniform(W3),
              TinyModel.data(12, 16),
              signRound(10),
              new RunOptions(4, 2, 2, true, 42));
      Map<String, QuantizedMatrix> layers = new HashMap<>();
      RunReport report = run.run(layers::put, RunListener.SILENT);
      assertEquals(1, report.units().size());
      assertEquals(14, report.units().getFirst().layers());
      assertTrue(report.units().getFirst().history().orElseThrow().bestIteration() > 0);
    }
  }

  @Test
  void theHeadIsTunedOnRequest() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      BlockwiseQuantization run =
          new BlockwiseQuantization(
              model,
              QuantizationPlan.uniform(W3).withHead(true),
              TinyModel.data(12, 16),
              signRound(10),
              OPTIONS);
      Map<String, QuantizedMatrix> layers = new LinkedHashMap<>();
      RunReport report = run.run(layers::put, RunListener.SILENT);
      assertEquals(15, layers.size());
      assertEquals("lm_head", report.units().getLast().name());
      assertTrue(report.units().getLast().history().orElseThrow().bestIteration() > 0);
    }
  }

  @Test
  void rulesAreCheckedBeforeAnythingIsComputed() {
    Decoder model = TinyModel.load();
    QuantizationPlan plan =
        QuantizationPlan.uniform(W3)
            .withRules(Map.of("model.layers.7.mlp.up_proj", SchemeOverride.bits(8)));
    assertThrows(
        IllegalArgumentException.class,
        () -> new BlockwiseQuantization(model, plan, CalibrationSet.none(), nearest(), OPTIONS));
    IllegalArgumentException noData =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new BlockwiseQuantization(
                    model,
                    QuantizationPlan.uniform(W3),
                    CalibrationSet.none(),
                    signRound(3),
                    OPTIONS));
    assertTrue(noData.getMessage().contains("calibration"), noData.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Methods.named("nonsense"));
    assertThrows(
        IllegalArgumentException.class,
        () -> Methods.named("rtn").create(MethodOptions.of(Map.of("iters", "3"))));
  }

  @Test
  void badActivationsStopTheRunNamingTheBlock() {
    Decoder good = TinyModel.load();
    good.forEachTensor(
        (name, t) -> {
          if (name.equals("model.layers.1.input_layernorm.weight")) {
            t.data()[3] = Float.MAX_VALUE;
          }
        });
    BlockwiseQuantization run =
        new BlockwiseQuantization(
            kept(good), QuantizationPlan.uniform(W3), TinyModel.data(8, 8), signRound(2), OPTIONS);
    TuningException e =
        assertThrows(TuningException.class, () -> run.run((name, q) -> {}, RunListener.SILENT));
    assertEquals("model.layers.1", e.subject());
    assertTrue(e.getMessage().contains("sample 0"), e.getMessage());
  }

  /** A decoder whose blocks are loaded from memory: {@code loadBlock} gives the changed ones. */
  private static Decoder kept(Decoder model) {
    MemoryWeights weights;
    try (Checkpoint source = TinyModel.open()) {
      weights = new MemoryWeights(source.config());
    }
    model.forEachTensor(weights::put);
    return Architectures.load(weights);
  }

  @Test
  void estimatesChangeNothingAndAreOfTheRightSize() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      QuantizationPlan plan = QuantizationPlan.uniform(W3);
      CalibrationSet data = TinyModel.data(12, 16);
      BlockwiseQuantization asked =
          new BlockwiseQuantization(model, plan, data, signRound(5), OPTIONS);
      Duration few = asked.estimate(Optional.empty());
      assertTrue(few.isPositive());
      Duration many =
          new BlockwiseQuantization(model, plan, data, signRound(5000), OPTIONS)
              .estimate(Optional.empty());
      assertTrue(many.compareTo(few.multipliedBy(20)) > 0, few + " and " + many);
      assertSame(
          TinyModel.collect(new BlockwiseQuantization(model, plan, data, signRound(5), OPTIONS)),
          TinyModel.collect(asked),
          "");
    }
  }

  @Test
  void progressRunsFromNothingToEverything() {
    try (Checkpoint source = TinyModel.open()) {
      List<Progress> seen = new ArrayList<>();
      List<UnitReport> finished = new ArrayList<>();
      new BlockwiseQuantization(
              Architectures.load(source),
              QuantizationPlan.uniform(W3),
              TinyModel.data(8, 8),
              signRound(3),
              OPTIONS)
          .run(
              (name, q) -> {},
              new RunListener() {
                @Override
                public void progress(Progress p) {
                  seen.add(p);
                }

                @Override
                public void unitFinished(UnitReport r, Optional<Duration> left) {
                  finished.add(r);
                }
              });
      assertEquals(8, seen.size());
      assertEquals(0, seen.getFirst().fraction());
      assertEquals(1, seen.getLast().fraction());
      assertEquals(Optional.of(Duration.ZERO), seen.getLast().remaining());
      assertEquals(2, finished.size());
    }
  }

  /** Sees the inputs of each layer, as Hessian methods do, and rounds to nearest. */
  private static final class Observing implements LinearQuantizer {
    private final Map<String, AtomicLong> rows = new HashMap<>();

    @Override
    public boolean observes() {
      return true;
    }

    @Override
    public Work begin(LinearLayer layer) {
      AtomicLong seen = rows.computeIfAbsent(layer.name(), n -> new AtomicLong());
      return new Work() {
        @Override
        public void observe(Tensor x) {
          assertEquals(layer.in(), x.dim(-1));
          seen.addAndGet(x.rows());
        }

        @Override
        public QuantizedMatrix finish() {
          return RoundToNearest.quantize(layer);
        }
      };
    }
  }

  @Test
  void layerwiseMethodsSeeAllInputsOfEachLayer() {
    try (Checkpoint source = TinyModel.open()) {
      Observing observing = new Observing();
      Map<String, QuantizedMatrix> layers =
          TinyModel.collect(
              new BlockwiseQuantization(
                  Architectures.load(source),
                  QuantizationPlan.uniform(W3),
                  TinyModel.data(10, 8),
                  new Layerwise(observing, "observing"),
                  OPTIONS));
      assertEquals(14, layers.size());
      assertEquals(14, observing.rows.size());
      observing.rows.forEach((name, n) -> assertEquals(80, n.get(), name));
    }
  }

  @Test
  void seedsOfUnitsDependOnTheJobAndTheUnitOnly() {
    List<Long> seeds = new ArrayList<>();
    BlockQuantizer noting =
        new StubQuantizer() {
          @Override
          public UnitResult quantize(UnitTask task) {
            seeds.add(task.seed());
            return UnitResult.of(Map.of());
          }

          @Override
          public boolean needsInputs() {
            return false;
          }
        };
    try (Checkpoint source = TinyModel.open()) {
      new BlockwiseQuantization(
              Architectures.load(source),
              QuantizationPlan.uniform(W3),
              CalibrationSet.none(),
              noting,
              OPTIONS)
          .run((name, q) -> {}, RunListener.SILENT);
    }
    assertEquals(List.of(Shuffle.seed(42, 0), Shuffle.seed(42, 1)), seeds);
  }

  @Test
  void quantizedLayersCannotBeQuantizedAgain() {
    Decoder model = TinyModel.load();
    UnitTask task =
        new UnitTask(
            0,
            Unit.of(
                List.of(model.block(0).mapWeights((name, w) -> new ObservedWeight(w, x -> {})))),
            Map.of("model.layers.0.mlp.up_proj", W3),
            Activations.zeros(0, 0, 0),
            null,
            new boolean[0][],
            1,
            1,
            0,
            (i, n, loss) -> {});
    TuningException e = assertThrows(TuningException.class, () -> nearest().quantize(task));
    assertEquals("model.layers.0.mlp.up_proj", e.subject());
  }
}
