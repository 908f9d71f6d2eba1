package dev.ashlar.tuning.signround;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.TuningException;
import dev.ashlar.tuning.method.TuningHistory;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitTask;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The loop on one block: the specification's acceptance tests that concern it (section 24). */
class SignRoundTest {
  private static final IntegerGrid W3 = new IntegerGrid(3, 32, true);
  private static final int SAMPLES = 16;
  private static final int LENGTH = 16;

  private static UnitTask task(Block block, QuantScheme scheme, int batch, int accumulate) {
    CalibrationSet data = TinyModel.data(SAMPLES, LENGTH);
    Decoder model = TinyModel.load();
    Unit unit = Unit.of(List.of(block));
    Activations in = Activations.zeros(SAMPLES, LENGTH, model.spec().dim());
    Activations out = Activations.zeros(SAMPLES, LENGTH, model.spec().dim());
    Tape tape = Tape.off();
    for (int s = 0; s < SAMPLES; s++) {
      BlockContext context = BlockContext.of(1, LENGTH);
      Tensor x = model.embed(data.sample(s), context, tape);
      in.write(s, 1, x);
      out.write(s, 1, unit.forward(x, context, tape));
      tape.reset();
    }
    Map<String, QuantScheme> schemes = new LinkedHashMap<>();
    unit.weights().keySet().forEach(name -> schemes.put(name, scheme));
    return new UnitTask(
        0, unit, schemes, in, out, data.counted(), batch, accumulate, 99, (i, n, loss) -> {});
  }

  private static UnitTask task() {
    return task(TinyModel.load().block(0), W3, 4, 1);
  }

  private static void assertSame(UnitResult a, UnitResult b) {
    assertEquals(a.layers().keySet(), b.layers().keySet());
    a.layers()
        .forEach(
            (name, q) -> {
              QuantizedMatrix other = b.layers().get(name);
              assertArrayEquals(q.codes().values(), other.codes().values(), name);
              assertArrayEquals(q.zeroPoints().scales(), other.zeroPoints().scales(), name);
              assertArrayEquals(q.zeroPoints().zeros(), other.zeroPoints().zeros(), name);
            });
  }

  /** Squared error of the quantized block on all samples. */
  private static double error(UnitTask task, Map<String, QuantizedMatrix> layers) {
    Unit unit = task.unit().mapWeights((name, w) -> new DenseWeight(layers.get(name).dequantize()));
    Tape tape = Tape.off();
    double sum = 0;
    Tensor x = Tensor.zeros(1, LENGTH, task.inputs().dim());
    Tensor y = Tensor.zeros(1, LENGTH, task.inputs().dim());
    for (int s = 0; s < SAMPLES; s++) {
      task.inputs().read(s, 1, x);
      task.targets().gather(new int[] {s}, 0, 1, y);
      Tensor p = unit.forward(x, BlockContext.of(1, LENGTH), tape);
      sum += tape.backend().loss().squaredError(0, p.size(), p.data(), y.data());
      tape.reset();
    }
    return sum;
  }

  @Test
  void aConstantGradientMovesOffsetsByHalfAStepInAll() {
    for (Backend backend : Backends.all()) {
      for (int iterations : new int[] {1, 7, 50}) {
        // Weights far inside the grid, so that every gradient passes.
        Tensor w = Tensor.zeros(32, 32);
        Random random = new Random(1);
        for (int i = 0; i < w.size(); i++) {
          w.data()[i] = i % 32 == 0 ? -8f : (float) (random.nextDouble() - 0.5);
        }
        LinearLayer layer = new LinearLayer("layer", w, new IntegerGrid(4, 32, true), backend);
        TunableWeight t =
            TunableWeight.of(layer, new Workspace(), SignRoundOptions.of(iterations), null);
        Arrays.fill(t.gradient().data(), 1f);
        for (int i = 0; i < iterations; i++) {
          t.build();
          t.step(i, 0);
        }
        double expected = -(iterations + 1) / (2.0 * iterations);
        for (int i = 0; i < w.size(); i++) {
          if (i % 32 != 0) {
            assertEquals(expected, t.value()[i], 1e-6, backend.name());
          }
        }
      }
    }
  }

  @Test
  void aBlockOnTheGridIsLeftAsItIs() {
    Map<String, QuantizedMatrix> codes = new LinkedHashMap<>();
    Block onGrid =
        TinyModel.load()
            .block(0)
            .mapWeights(
                (name, w) -> {
                  QuantizedMatrix q =
                      RoundToNearest.quantize(
                          new LinearLayer(name, ((DenseWeight) w).matrix(), W3));
                  codes.put(name, q);
                  return new DenseWeight(q.dequantize());
                });
    UnitTask task = task(onGrid, W3, 4, 1);
    UnitResult result = new SignRound(SignRoundOptions.of(5)).quantize(task);
    TuningHistory history = result.history().orElseThrow();
    assertEquals(0, history.firstLoss());
    assertEquals(0, history.bestIteration());
    codes.forEach(
        (name, q) ->
            assertArrayEquals(
                q.codes().values(),
                result.layers().get(onGrid.name() + "." + name).codes().values(),
                name));
  }

  @Test
  void tunedBlocksAreBetterThanRoundToNearestOnAllData() {
    for (int bits = 2; bits <= 4; bits++) {
      for (boolean symmetric : new boolean[] {true, false}) {
        IntegerGrid scheme = new IntegerGrid(bits, 32, symmetric);
        UnitTask task = task(TinyModel.load().block(0), scheme, 4, 1);
        UnitResult tuned = new SignRound(SignRoundOptions.of(30)).quantize(task);
        Map<String, QuantizedMatrix> nearest = new LinkedHashMap<>();
        task.unit()
            .weights()
            .forEach(
                (name, w) ->
                    nearest.put(
                        name,
                        RoundToNearest.quantize(
                            new LinearLayer(name, ((DenseWeight) w).matrix(), scheme))));
        double ratio = error(task, tuned.layers()) / error(task, nearest);
        assertTrue(ratio < 0.8, scheme + ": " + ratio);
      }
    }
  }

  @Test
  void accumulatedMicroBatchesStepLikeOneBatch() {
    SignRoundOptions options = SignRoundOptions.of(4);
    SignRound whole = new SignRound(options);
    SignRound parts = new SignRound(options);
    UnitTuning a = whole.begin(task(TinyModel.load().block(0), W3, 8, 1));
    UnitTuning b = parts.begin(task(TinyModel.load().block(0), W3, 1, 8));
    int[] samples = {3, 1, 4, 15, 9, 2, 6, 5};
    a.build();
    b.build();
    assertEquals(a.run(samples, true), b.run(samples, true), 1e-9);
    a.step(options, 0);
    b.step(options, 0);
    int off = 0;
    int all = 0;
    for (int i = 0; i < a.weights().size(); i++) {
      float[] v = a.weights().get(i).value();
      float[] u = b.weights().get(i).value();
      for (int k = 0; k < a.weights().get(i).gradient().size(); k++) {
        off += v[k] == u[k] ? 0 : 1;
        all++;
      }
    }
    assertTrue(off <= all / 1000, off + " of " + all + " signs differ");
  }

  @Test
  void theSameSeedGivesTheSameBytesForAnyThreadCount() {
    UnitTask task = task();
    UnitResult one =
        Parallel.limited(1, () -> new SignRound(SignRoundOptions.of(6)).quantize(task));
    UnitResult many = new SignRound(SignRoundOptions.of(6)).quantize(task);
    assertSame(one, many);
    SignRound reused = new SignRound(SignRoundOptions.of(6));
    reused.quantize(task(TinyModel.load().block(1), W3, 3, 2));
    assertSame(one, reused.quantize(task));
  }

  @Test
  void aRunThatDivergesKeepsWhatWasBest() {
    UnitTask task = task();
    SignRoundOptions silly = SignRoundOptions.of(10).withLr(1e38, 0.1);
    UnitResult result = new SignRound(silly).quantize(task);
    TuningHistory history = result.history().orElseThrow();
    assertTrue(Double.isFinite(history.bestLoss()));
    assertTrue(history.bestLoss() <= history.firstLoss());
    for (QuantizedMatrix q : result.layers().values()) {
      for (float s : q.zeroPoints().scales()) {
        assertTrue(Float.isFinite(s));
      }
    }
  }

  @Test
  void oneIterationIsRoundToNearest() {
    UnitTask task = task();
    UnitResult result = new SignRound(SignRoundOptions.of(1)).quantize(task);
    task.unit()
        .weights()
        .forEach(
            (name, w) ->
                assertArrayEquals(
                    RoundToNearest.quantize(new LinearLayer(name, ((DenseWeight) w).matrix(), W3))
                        .codes()
                        .values(),
                    result.layers().get(name).codes().values(),
                    name));
  }

  @Test
  void optionsChooseWhatIsKeptAndWhenToStop() {
    UnitTask task = task();
    SignRoundOptions last =
        new SignRoundOptions(12, 0, 0, true, false, -1, 0, Optional.empty(), 0, 8);
    assertEquals(11, history(last, task).bestIteration());
    SignRoundOptions impatient =
        new SignRoundOptions(200, 0.5, 0.5, true, true, 3, 0, Optional.empty(), 0, 8);
    assertTrue(history(impatient, task).losses().size() < 200);
    SignRoundOptions holdout =
        new SignRoundOptions(12, 0, 0, true, true, -1, 0.5, Optional.empty(), 5, SAMPLES);
    assertTrue(List.of(0, 5, 10, 11).contains(history(holdout, task).bestIteration()));
    SignRoundOptions fixedRange =
        new SignRoundOptions(12, 0, 0, false, true, -1, 0, Optional.of(true), 0, 8);
    UnitResult result = new SignRound(fixedRange).quantize(task);
    task.unit()
        .weights()
        .forEach(
            (name, w) ->
                assertArrayEquals(
                    RoundToNearest.quantize(new LinearLayer(name, ((DenseWeight) w).matrix(), W3))
                        .zeroPoints()
                        .scales(),
                    result.layers().get(name).zeroPoints().scales(),
                    name));
  }

  private static TuningHistory history(SignRoundOptions options, UnitTask task) {
    return new SignRound(options).quantize(task).history().orElseThrow();
  }

  @Test
  void learningRatesFollowTheNumberOfIterations() {
    assertTrue(SignRoundOptions.of(200).exact(2));
    assertFalse(SignRoundOptions.of(200).exact(3));
    assertFalse(SignRoundOptions.of(200).asAutoRound().exact(2));
    assertTrue(
        SignRoundMethod.chosen(MethodOptions.of(Map.of("exact_gradients", "true"))).exact(4));
    assertTrue(
        SignRoundMethod.chosen(MethodOptions.of(Map.of("exact_gradients", "auto"))).exact(2));
    assertEquals(1.0 / 200, SignRoundOptions.of(200).firstLr(2));
    assertEquals(2.0 / 1000, SignRoundOptions.of(1000).firstLr(3));
    assertEquals(1.0 / 1000, SignRoundOptions.of(1000).firstLr(4));
    assertEquals(0.02, SignRoundOptions.of(1000).withLr(0.02, 0).firstMinMaxLr(4));
  }

  @Test
  void badWeightsStopTheRunNamingTensorAndIndex() {
    Block block =
        TinyModel.load()
            .block(0)
            .mapWeights(
                (name, w) -> {
                  Tensor copy = ((DenseWeight) w).matrix().copy();
                  if (name.endsWith("v_proj")) {
                    copy.data()[2 * copy.dim(1) + 3] = Float.NaN;
                  }
                  return new DenseWeight(copy);
                });
    UnitTask good = task();
    UnitTask bad =
        new UnitTask(
            0,
            Unit.of(List.of(block)),
            good.schemes(),
            good.inputs(),
            good.targets(),
            good.counted(),
            4,
            1,
            99,
            good.listener());
    TuningException e =
        assertThrows(
            TuningException.class, () -> new SignRound(SignRoundOptions.of(2)).quantize(bad));
    assertEquals("model.layers.0.self_attn.v_proj", e.subject());
    assertTrue(e.getMessage().contains("[2, 3]"), e.getMessage());
  }

  @Test
  void aSteadyIterationAllocatesNextToNothing() throws ReflectiveOperationException {
    Assumptions.assumeTrue(
        Backends.chosen() != Backends.reference(), "skipped: the reference makes what it needs");
    // By reflection: the module under test does not read java.management.
    Object bean =
        Class.forName("java.lang.management.ManagementFactory")
            .getMethod("getThreadMXBean")
            .invoke(null);
    Method allocated =
        Class.forName("com.sun.management.ThreadMXBean")
            .getMethod("getCurrentThreadAllocatedBytes");
    long perIteration =
        Parallel.limited(1, () -> steadyBytes(() -> bytes(allocated, bean), 64 << 10));
    assertTrue(perIteration < 64 << 10, perIteration + " bytes");
  }

  /** Bytes of an iteration once the compiler has seen it: before, kernels box their vectors. */
  private static long steadyBytes(LongSupplier allocated, long goal) {
    SignRoundOptions options = SignRoundOptions.of(100);
    UnitTuning tuning = new SignRound(options).begin(task());
    int[] samples = {3, 1, 4, 15};
    int measured = 10;
    long perIteration = Long.MAX_VALUE;
    long deadline = System.nanoTime() + 120_000_000_000L;
    while (perIteration >= goal && System.nanoTime() < deadline) {
      long before = allocated.getAsLong();
      for (int i = 0; i < measured; i++) {
        tuning.build();
        tuning.run(samples, true);
        tuning.keep();
        tuning.step(options, i);
      }
      perIteration = (allocated.getAsLong() - before) / measured;
    }
    return perIteration;
  }

  private static long bytes(Method allocated, Object bean) {
    try {
      return (Long) allocated.invoke(bean);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
