package dev.ashlar.tuning.layerwise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.BlockwiseQuantization;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.RunListener;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.work.WorkFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Small floats: their values by hand, and AutoRound's own exports. */
class FloatRoundingTest {
  /** What exports are called by the tag of their scheme. */
  private static final Map<String, FloatGrid> GRIDS =
      Map.of(
          "mxfp4", FloatGrid.mxfp4(),
          "mxfp8", FloatGrid.mxfp8(),
          "fp8static", FloatGrid.fp8(FloatFormat.E4M3),
          "fpw8a16", new FloatGrid(FloatFormat.E4M3, 0, FloatGrid.Scale.F32));

  @TempDir private Path temporary;

  @Test
  void tiesGoToTheEvenMantissa() {
    float[] x = {0.25f, 0.75f, 1.25f, 1.75f, 2.5f, 3.5f, 5, 0.26f, 5.1f, 100, -2.5f, -0.75f};
    float[] expected = {0, 1, 1, 2, 2, 4, 4, 0.5f, 6, 6, -2, -1};
    for (int i = 0; i < x.length; i++) {
      assertEquals(expected[i], FloatFormat.E2M1.round(x[i]) + 0f, "of " + x[i]);
    }
    assertEquals(448, FloatFormat.E4M3.round(1000));
    assertEquals(0x1p-9f, FloatFormat.E4M3.round(0x1.1p-9f));
    assertEquals(0, FloatFormat.E4M3.round(0x1p-10f));
    assertEquals(16, FloatFormat.E4M3.round(17));
    assertEquals(57344, FloatFormat.E5M2.round(60000));
  }

  @Test
  void codesStandForTheirValues() {
    assertArrayEquals(
        new float[] {0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6},
        FloatFormat.E2M1.table());
    assertEquals(448, FloatFormat.E4M3.table()[0x7E]);
    assertEquals(0x1p-9f, FloatFormat.E4M3.table()[1]);
    assertEquals(1, FloatFormat.E4M3.table()[0x38]);
    for (FloatFormat format : FloatFormat.values()) {
      float[] values = format.table();
      for (int code = 0; code < values.length; code++) {
        if (values[code] != 0 || code == 0) {
          assertEquals(values[code], format.round(values[code]));
          assertEquals(code, format.code(values[code]), format + " " + values[code]);
        }
      }
    }
  }

  /** No other value of the format is nearer. */
  @Test
  void roundingIsToTheNearest() {
    Random random = new Random(1);
    for (FloatFormat format : FloatFormat.values()) {
      for (int i = 0; i < 5000; i++) {
        float x = (float) (random.nextGaussian() * Math.exp(4 * random.nextGaussian()));
        float found = format.round(x);
        for (float v : format.table()) {
          assertTrue(Math.abs(v - x) >= Math.abs(found - x), format + " of " + x);
        }
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> weightsAreAutoRounds() {
    Path shared = Path.of(System.getProperty("ashlar.shared", "absent"));
    Path exports = shared.resolve("fixtures/autoround/exports");
    return GRIDS.entrySet().stream()
        .map(
            e -> {
              Path folder = exports.resolve("llama-" + e.getKey() + "-it0");
              return DynamicTest.dynamicTest(
                  e.getKey(),
                  () -> {
                    Assumptions.assumeTrue(Files.isDirectory(folder), folder + " is not there");
                    check(exports.resolveSibling("models/llama"), folder, e.getValue());
                  });
            });
  }

  private static void check(Path model, Path folder, FloatGrid grid) {
    try (Checkpoint source = Checkpoints.open(model);
        SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      int checked = 0;
      for (String name : source.names()) {
        if (expected.find("rowsum." + name).isEmpty()) {
          continue;
        }
        checked++;
        Tensor w = source.tensor(name).toTensor();
        Tensor q = FloatRounding.quantize(new LinearLayer("w", w, grid)).dequantize();
        float[] rows = expected.tensor("rowsum." + name).toTensor().data();
        for (int o = 0; o < rows.length; o++) {
          double sum = 0;
          for (int k = 0; k < w.dim(1); k++) {
            sum += q.data()[o * w.dim(1) + k];
          }
          assertEquals(rows[o], sum, 2e-6, name + ", row " + o);
        }
        expected
            .find("dequant." + name)
            .ifPresent(
                t -> {
                  float[] golden = t.toTensor().data();
                  for (int i = 0; i < golden.length; i++) {
                    assertEquals(golden[i] + 0f, q.data()[i] + 0f, name + " at " + i);
                  }
                });
      }
      assertEquals(14, checked);
    }
  }

  /** Codes and scales of tiles, also of the short ones at the edges. */
  @Test
  void tilesAreAutoRounds() {
    Path peer = Path.of("../formats/src/test/resources/layout/fp8-block");
    FloatGrid tiles = FloatGrid.tiles(FloatFormat.E4M3, 128);
    try (SafetensorsFile floats = SafetensorsFile.open(peer.resolve("base.safetensors"));
        SafetensorsFile export = SafetensorsFile.open(peer.resolve("model.safetensors"))) {
      assertEquals(7, floats.names().size());
      for (String name : floats.names()) {
        Tensor w = floats.tensor(name).toTensor();
        QuantizedMatrix q = FloatRounding.quantize(new LinearLayer(name, w, tiles));
        float[] values = export.tensor(name).toTensor().data();
        float[] scales = export.tensor(name + "_scale_inv").toTensor().data();
        int in = w.dim(1);
        int perRow = Math.ceilDiv(in, 128);
        for (int i = 0; i < w.size(); i++) {
          int group = i / in * perRow + i % in / 128;
          float scale = scales[i / in / 128 * perRow + i % in / 128];
          assertEquals(scale, q.groups().scale(group), name + " at " + i);
          float code = FloatFormat.E4M3.table()[q.codes().values()[i] & 0xFF];
          assertEquals(values[i] + 0f, code + 0f, name + " at " + i);
        }
      }
    }
  }

  @Test
  void zerosAndTinyBlocksHaveScales() {
    for (FloatGrid grid : GRIDS.values()) {
      for (float value : new float[] {0, 1e-42f, -1e-30f, 1e30f}) {
        Tensor w = Tensor.zeros(2, 64);
        Arrays.fill(w.data(), value);
        QuantizedMatrix q = FloatRounding.quantize(new LinearLayer("w", w, grid));
        assertTrue(q.groups().isFinite());
        assertEquals(value, q.dequantize().data()[5], 1e-6 + 0.15 * Math.abs(value), grid + "");
      }
    }
  }

  /** A run rounds to small floats, and a work folder keeps them. */
  @Test
  void runsKeepSmallFloatsInTheirWorkFolder() {
    try (Checkpoint source = TinyModel.open()) {
      BlockwiseQuantization job =
          new BlockwiseQuantization(
              Architectures.load(source),
              QuantizationPlan.uniform(FloatGrid.mxfp4()),
              CalibrationSet.none(),
              Methods.named("rtn").create(MethodOptions.none()),
              new RunOptions(1, 1, 1, true, 42));
      Map<String, QuantizedMatrix> first = new LinkedHashMap<>();
      Map<String, QuantizedMatrix> second = new LinkedHashMap<>();
      try (WorkFolder work = WorkFolder.open(temporary, job.job(Map.of()), false)) {
        job.run(Optional.of(work), first::put, RunListener.SILENT);
        assertTrue(
            job.run(Optional.of(work), second::put, RunListener.SILENT)
                .units()
                .getFirst()
                .resumed());
      }
      first.forEach(
          (name, q) ->
              assertArrayEquals(q.dequantize().data(), second.get(name).dequantize().data(), name));
    }
  }
}
