package dev.ashlar.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.layerwise.FloatRounding;
import dev.ashlar.tuning.layerwise.OptRtn;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.ObservedWeight;
import dev.ashlar.tuning.method.TuningHistory;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.work.WorkFolder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Whole runs on small floats, and on inputs whose scales come from the calibration data. */
class SmallFloatSchemesTest {
  private static final Map<String, String> STEPS = Map.of("iters", "20");

  @TempDir private Path temporary;

  private static QuantScheme alike(FloatGrid grid) {
    Element element = new Element.Floats(grid.element(), grid.scale());
    return grid.withActivations(Optional.of(new ActivationScheme(element, grid.blockSize(), true)));
  }

  private static QuantScheme with(FloatGrid grid, Element inputs, int group, boolean dynamic) {
    return grid.withActivations(Optional.of(new ActivationScheme(inputs, group, dynamic)));
  }

  static final List<QuantScheme> SCHEMES =
      List.of(
          FloatGrid.mxfp4(),
          FloatGrid.nvfp4(),
          alike(FloatGrid.mxfp4()),
          alike(FloatGrid.nvfp4()),
          FloatGrid.fp8(FloatFormat.E4M3),
          with(FloatGrid.fp8(FloatFormat.E4M3), new Element.Floats(FloatFormat.E4M3), 0, false),
          with(
              FloatGrid.tiles(FloatFormat.E4M3, 32),
              new Element.Floats(FloatFormat.E4M3),
              32,
              true),
          new IntegerGrid(4, 32, true)
              .withActivations(
                  Optional.of(new ActivationScheme(new Element.Integers(8, true), 0, false))));

  private static BlockwiseQuantization job(
      Checkpoint source, QuantScheme scheme, String method, Map<String, String> options) {
    return new BlockwiseQuantization(
        Architectures.load(source),
        QuantizationPlan.uniform(scheme),
        TinyModel.data(16, 16),
        Methods.named(method).create(MethodOptions.of(options)),
        new RunOptions(4, 1, 1, true, 42));
  }

  @ParameterizedTest
  @FieldSource("SCHEMES")
  void tuningImprovesTheFirstBlockAndIsTheSameForAnyThreads(QuantScheme scheme) {
    try (Checkpoint source = TinyModel.open()) {
      RunReport report =
          job(source, scheme, "signround", STEPS).run((name, q) -> {}, RunListener.SILENT);
      TuningHistory history = report.units().getFirst().history().orElseThrow();
      double gain = history.bestLoss() / history.firstLoss();
      // Of eight bits little is to be gained.
      boolean coarse = scheme.codeBits() == 4;
      assertTrue(coarse ? gain < 0.9 : gain <= 1, scheme + ": " + gain);
      Map<String, QuantizedMatrix> many =
          TinyModel.collect(job(source, scheme, "signround", STEPS));
      Map<String, QuantizedMatrix> one =
          Parallel.limited(1, () -> TinyModel.collect(job(source, scheme, "signround", STEPS)));
      assertEquals(14, many.size());
      many.forEach((name, q) -> assertSame(name, q, one.get(name)));
    }
  }

  /** A search among scales is not worse than the first of them, in what it looks at. */
  @Test
  void searchedScalesAreNotWorse() {
    Tensor w = Tensor.of(TinyModel.hidden(1, 48, 64).data(), 48, 64);
    float[] importance = new float[64];
    for (int k = 0; k < importance.length; k++) {
      importance[k] = 1 + k % 7;
    }
    for (FloatGrid grid : List.of(FloatGrid.mxfp4(), FloatGrid.mxfp8(), FloatGrid.nvfp4())) {
      LinearLayer layer = new LinearLayer("w", w, grid);
      double plain = error(w, FloatRounding.quantize(layer), importance);
      double searched = error(w, OptRtn.quantize(layer, importance), importance);
      assertTrue(searched <= plain, grid + ": " + searched + " and " + plain);
      assertTrue(grid.codeBits() == 8 || searched < 0.99 * plain, grid + ": " + searched / plain);
    }
  }

  private static double error(Tensor w, QuantizedMatrix q, float[] importance) {
    float[] found = q.dequantize().data();
    double sum = 0;
    for (int i = 0; i < found.length; i++) {
      sum += importance[i % importance.length] * Math.pow(found[i] - w.data()[i], 2);
    }
    return sum;
  }

  private static void assertSame(String name, QuantizedMatrix a, QuantizedMatrix b) {
    assertArrayEquals(a.codes().values(), b.codes().values(), name);
    assertArrayEquals(a.dequantize().data(), b.dequantize().data(), name);
    assertEquals(a.inputs(), b.inputs(), name);
  }

  @Test
  void layersOfOneInputShareTheFloatBesideTheirScales() {
    try (Checkpoint source = TinyModel.open()) {
      Map<String, QuantizedMatrix> layers =
          TinyModel.collect(job(source, alike(FloatGrid.nvfp4()), "rtn", Map.of()));
      String block = "model.layers.0.";
      float shared = global(layers, block + "self_attn.q_proj");
      assertEquals(shared, global(layers, block + "self_attn.k_proj"));
      assertEquals(shared, global(layers, block + "self_attn.v_proj"));
      float half = global(layers, block + "mlp.gate_proj");
      assertEquals(half, global(layers, block + "mlp.up_proj"));
      assertTrue(half != shared && global(layers, block + "mlp.down_proj") != half);
      float largest = 0;
      for (String name : List.of("q_proj", "k_proj", "v_proj")) {
        Tensor w = source.tensor(block + "self_attn." + name + ".weight").toTensor();
        for (float x : w.data()) {
          largest = Math.max(largest, Math.abs(x));
        }
      }
      assertEquals(2688f / largest, shared, 1e-3f);
    }
  }

  private static float global(Map<String, QuantizedMatrix> layers, String name) {
    return ((Groups.Scales) layers.get(name).groups()).global();
  }

  /** What inputs reach is that of the stream that flows, for methods without inputs the float's. */
  @Test
  void rangesAreThoseOfTheInputs() {
    QuantScheme scheme = SCHEMES.getLast();
    try (Checkpoint source = TinyModel.open()) {
      CalibrationSet data = TinyModel.data(16, 16);
      float[] largest = new float[1];
      Architectures.load(source)
          .mapWeights(
              (name, w) ->
                  name.endsWith("layers.1.mlp.down_proj")
                      ? new ObservedWeight(
                          new DenseWeight(((DenseWeight) w).matrix()),
                          x -> {
                            for (int i = 0; i < x.size(); i++) {
                              largest[0] = Math.max(largest[0], Math.abs(x.data()[i]));
                            }
                          })
                      : w)
          .forward(data.ids(0, 16), BlockContext.of(16, 16), Tape.off());
      Map<String, QuantizedMatrix> layers = TinyModel.collect(job(source, scheme, "rtn", Map.of()));
      float found = layers.get("model.layers.1.mlp.down_proj").inputs().orElseThrow().largest();
      assertEquals(largest[0], found, 1e-5f * largest[0]);
    }
  }

  @Test
  void resumedRunsHaveTheSameRanges() {
    try (Checkpoint source = TinyModel.open()) {
      for (QuantScheme scheme : List.of(SCHEMES.getLast(), alike(FloatGrid.nvfp4()))) {
        BlockwiseQuantization job = job(source, scheme, "signround", STEPS);
        Map<String, QuantizedMatrix> first = null;
        for (int run = 0; run < 2; run++) {
          Path folder = temporary.resolve(scheme.getClass().getSimpleName());
          try (WorkFolder work = WorkFolder.open(folder, job.job(Map.of()), false)) {
            Map<String, QuantizedMatrix> found = TinyModel.collect(job, Optional.of(work));
            first = first == null ? found : first;
            for (String name : found.keySet()) {
              assertSame(name, first.get(name), found.get(name));
              assertTrue(found.get(name).inputs().orElseThrow().largest() > 0, name);
            }
          }
        }
      }
    }
  }

  @Test
  void rangesNeedData() {
    try (Checkpoint source = TinyModel.open()) {
      assertThrows(
          IllegalArgumentException.class,
          () ->
              new BlockwiseQuantization(
                  Architectures.load(source),
                  QuantizationPlan.uniform(SCHEMES.getLast()),
                  CalibrationSet.none(),
                  Methods.named("rtn").create(MethodOptions.none()),
                  new RunOptions(4, 1, 1, true, 42)));
    }
  }
}
