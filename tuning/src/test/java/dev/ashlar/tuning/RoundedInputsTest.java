package dev.ashlar.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.PackedWeight;
import dev.ashlar.nn.layer.RoundingWeight;
import dev.ashlar.nn.op.RoundInputs;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.layerwise.FloatRounding;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.TuningHistory;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.work.WorkFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Layers whose inputs are rounded: while they are tuned, when they are measured, and packed. */
class RoundedInputsTest {
  private static final RunOptions OPTIONS = new RunOptions(4, 1, 1, true, 42);
  private static final ActivationScheme BYTES =
      new ActivationScheme(new Element.Integers(8, true), -1, true);

  @TempDir private Path temporary;

  private static float[] rounded(ActivationScheme scheme, float... x) {
    Tensor t = Tensor.of(x, 1, x.length);
    return Tape.off().apply(new RoundInputs(t, scheme)).data();
  }

  @Test
  void bytesAreMultiplesOfTheLargestMagnitude() {
    assertArrayEquals(
        new float[] {127, -64, 2, 0, -0f}, rounded(BYTES, 127, -64.2f, 2.5f, 0.5f, -0.5f));
    assertArrayEquals(new float[] {0, 0}, rounded(BYTES, 0, 0));
  }

  @Test
  void fewerBitsHaveTheFullRangeAndOthersAZeroPoint() {
    ActivationScheme four = new ActivationScheme(new Element.Integers(4, true), -1, true);
    // The largest, 8, is code −8 of a negative scale, so that −8 is one code too many.
    assertArrayEquals(new float[] {8, -7, 3, 0}, rounded(four, 8, -7.9f, 2.9f, 0.2f));
    ActivationScheme zeros = new ActivationScheme(new Element.Integers(4, false), -1, true);
    assertArrayEquals(new float[] {-5, 10, 2, 0}, rounded(zeros, -5, 10, 2.4f, 0.4f));
    ActivationScheme groups = new ActivationScheme(new Element.Integers(8, true), 2, true);
    assertArrayEquals(new float[] {127, 1, 254, 2}, rounded(groups, 127, 1.2f, 254, 1.2f));
  }

  @Test
  void gradientsPassAsIfNothingWasRounded() {
    Tensor x = Tensor.of(new float[] {1, 2, 3, 4.4f}, 2, 2);
    Tape tape = Tape.recording();
    tape.watch(x);
    Tensor y = tape.apply(new RoundInputs(x, BYTES));
    Tensor d = Tensor.of(new float[] {1, -2, 3, -4}, 2, 2);
    Gradients g = tape.backward(y, d);
    assertArrayEquals(d.data(), g.of(x).data());
  }

  private static Map<String, QuantizedMatrix> run(
      Decoder model, IntegerGrid grid, String method, Map<String, String> options) {
    Map<String, QuantizedMatrix> layers = new LinkedHashMap<>();
    new BlockwiseQuantization(
            model,
            QuantizationPlan.uniform(grid),
            TinyModel.data(16, 16),
            Methods.named(method).create(MethodOptions.of(options)),
            OPTIONS)
        .run(layers::put, RunListener.SILENT);
    return layers;
  }

  private static float[] logits(Decoder model, int[] ids, int batch) {
    return model.forward(ids, BlockContext.of(batch, ids.length / batch), Tape.off()).copy().data();
  }

  @Test
  void logitsMoveAsFarAsAutoRounds() {
    Path shared = Path.of(System.getProperty("ashlar.shared", "absent"));
    Path export = shared.resolve("fixtures/autoround/exports/llama-int8-it0");
    Assumptions.assumeTrue(Files.isDirectory(export), export + " is not there");
    IntegerGrid int8 = new IntegerGrid(8, -1, true).withActivations(Optional.of(BYTES));
    try (Checkpoint source = Checkpoints.open(shared.resolve("fixtures/autoround/models/llama"));
        SafetensorsFile expected = SafetensorsFile.open(export.resolve("expected.safetensors"))) {
      Decoder model = Architectures.load(source);
      Map<String, QuantizedMatrix> layers = run(model, int8, "rtn", Map.of());
      float[] stored = expected.tensor("input_ids").toTensor().data();
      int[] ids = new int[stored.length];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = (int) stored[i];
      }
      int batch = (int) expected.tensor("input_ids").shape().dim(0);
      float[] golden = expected.tensor("logits_act_quant").toTensor().data();
      float[] exact = expected.tensor("logits").toTensor().data();
      Decoder rounding =
          loaded(model)
              .mapWeights(
                  (name, w) ->
                      layers.containsKey(name)
                          ? RoundingWeight.of(
                              new DenseWeight(layers.get(name).dequantize()), Optional.of(BYTES))
                          : w);
      float[] found = logits(rounding, ids, batch);
      // AutoRound takes scales of inputs in float16 and uses −128; what rounding does to the logits
      // is of the same size.
      double ratio = distance(exact, found) / distance(exact, golden);
      assertTrue(ratio > 0.5 && ratio < 1.2, "ratio " + ratio);
    }
  }

  private static Decoder loaded(Decoder model) {
    return model.withBlocks(
        IntStream.range(0, model.blockCount()).mapToObj(model::loadBlock).toList());
  }

  /** Root of the mean square. */
  private static double distance(float[] a, float[] b) {
    double squares = 0;
    for (int i = 0; i < a.length; i++) {
      squares += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(squares / a.length);
  }

  /** Packed weights take their inputs as the codes' scheme says, and multiply integers. */
  @Test
  void packedLayersComputeWhatWasTuned() {
    for (ActivationScheme inputs :
        List.of(
            BYTES,
            new ActivationScheme(new Element.Integers(4, true), -1, true),
            new ActivationScheme(new Element.Integers(8, true), 32, true))) {
      for (int bits : new int[] {4, 8}) {
        IntegerGrid grid = new IntegerGrid(bits, 32, true).withActivations(Optional.of(inputs));
        try (Checkpoint source = TinyModel.open()) {
          Decoder model = Architectures.load(source);
          Map<String, QuantizedMatrix> layers = run(model, grid, "rtn", Map.of());
          layers.values().forEach(q -> assertEquals(Optional.of(inputs), q.inputs()));
          Tensor x = Tensor.zeros(3, 64);
          for (int i = 0; i < x.size(); i++) {
            x.data()[i] = (float) Math.sin(i);
          }
          QuantizedMatrix q = layers.get("model.layers.0.self_attn.q_proj");
          float[] tuned =
              RoundingWeight.of(new DenseWeight(q.dequantize()), q.inputs())
                  .multiply(x, Tape.off())
                  .data();
          float[] packed =
              PackedWeight.of(q, Backends.chosen(), ActivationPrecision.FLOAT)
                  .multiply(x, Tape.off())
                  .data();
          for (int i = 0; i < 3 * q.out(); i++) {
            assertEquals(tuned[i], packed[i], 1e-5, inputs + " at " + i);
          }
        }
      }
    }
  }

  /** Small floats have no products with bytes: their inputs are rounded all the same. */
  @Test
  void smallFloatsHaveTheirInputsRoundedToBytesToo() {
    Tensor w = Tensor.zeros(32, 64);
    Tensor x = Tensor.zeros(3, 64);
    for (int i = 0; i < w.size(); i++) {
      w.data()[i] = (float) Math.sin(i);
      x.data()[i % x.size()] = (float) Math.cos(i);
    }
    QuantizedMatrix q =
        FloatRounding.quantize(new LinearLayer("w", w, FloatGrid.fp8(FloatFormat.E4M3)))
            .withInputs(Optional.of(BYTES));
    float[] expected =
        RoundingWeight.of(new DenseWeight(q.dequantize()), q.inputs())
            .multiply(x, Tape.off())
            .data();
    float[] found =
        PackedWeight.of(q, Backends.chosen(), ActivationPrecision.FLOAT)
            .multiply(x, Tape.off())
            .data();
    for (int i = 0; i < 3 * 32; i++) {
      assertEquals(expected[i], found[i], 1e-5, "at " + i);
    }
  }

  @Test
  void tuningSeesRoundedInputs() {
    ActivationScheme four = new ActivationScheme(new Element.Integers(4, true), -1, true);
    IntegerGrid w4 = new IntegerGrid(4, 32, true);
    IntegerGrid w4a4 = w4.withActivations(Optional.of(four));
    double exact = history(w4).firstLoss();
    TuningHistory rounded = history(w4a4);
    assertTrue(rounded.firstLoss() > 1.3 * exact, exact + " " + rounded.firstLoss());
    assertTrue(rounded.bestLoss() < 0.95 * rounded.firstLoss(), rounded.toString());
  }

  private static TuningHistory history(IntegerGrid grid) {
    try (Checkpoint source = TinyModel.open()) {
      return new BlockwiseQuantization(
              Architectures.load(source),
              QuantizationPlan.uniform(grid),
              TinyModel.data(16, 16),
              Methods.named("signround").create(MethodOptions.of(Map.of("iters", "30"))),
              OPTIONS)
          .run((name, q) -> {}, RunListener.SILENT)
          .units()
          .getFirst()
          .history()
          .orElseThrow();
    }
  }

  /** What comes out of a work folder says how inputs are rounded too, also behind a finish. */
  @Test
  void resumedRunsRoundInputsToo() {
    IntegerGrid grid = new IntegerGrid(4, 32, true).withActivations(Optional.of(BYTES));
    Map<String, Map<String, String>> methods =
        Map.of("opt-rtn", Map.of(), "feedback", Map.of("steps", "2", "held_out", "2"));
    try (Checkpoint source = TinyModel.open()) {
      methods.forEach(
          (method, options) -> {
            BlockwiseQuantization job =
                new BlockwiseQuantization(
                    Architectures.load(source),
                    QuantizationPlan.uniform(grid),
                    TinyModel.data(8, 4),
                    Methods.named(method).create(MethodOptions.of(options)),
                    new RunOptions(1, 1, 1, true, 42));
            for (int run = 0; run < 2; run++) {
              Path folder = temporary.resolve(method);
              try (WorkFolder work = WorkFolder.open(folder, job.job(Map.of()), false)) {
                Map<String, QuantizedMatrix> layers = TinyModel.collect(job, Optional.of(work));
                assertEquals(14, layers.size());
                layers.values().forEach(q -> assertEquals(Optional.of(BYTES), q.inputs()));
              }
            }
          });
    }
  }
}
