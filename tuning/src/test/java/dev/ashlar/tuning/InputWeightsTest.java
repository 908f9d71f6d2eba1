package dev.ashlar.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What sinks hear of the inputs of layers, by whatever method codes are chosen. */
class InputWeightsTest {
  private static final CalibrationSet DATA = TinyModel.data(12, 16);
  private static final String FIRST = "model.layers.0.self_attn.q_proj";

  /** Takes everything that a run gives. */
  private static final class Heard implements LayerSink {
    private final Map<String, float[]> squares = new LinkedHashMap<>();
    private final Map<String, QuantizedMatrix> codes = new LinkedHashMap<>();

    @Override
    public boolean weighs() {
      return true;
    }

    @Override
    public void importance(String module, float[] values) {
      assertTrue(!codes.containsKey(module), module + " came before what its inputs count");
      squares.put(module, values.clone());
    }

    @Override
    public void quantized(String module, QuantizedMatrix tensor) {
      codes.put(module, tensor);
    }

    @Override
    public void changed(String name, dev.ashlar.tensor.Tensor tensor) {}
  }

  private static BlockwiseQuantization job(Checkpoint source, String method, String options) {
    return job(source, new IntegerGrid(4, 32, true), method, options);
  }

  private static BlockwiseQuantization job(
      Checkpoint source, QuantScheme scheme, String method, String options) {
    Map<String, String> settings = new HashMap<>();
    if (options != null) {
      settings.put(options.split("=")[0], options.split("=")[1]);
    }
    return new BlockwiseQuantization(
        Architectures.load(source),
        QuantizationPlan.uniform(scheme),
        DATA,
        Methods.named(method).create(MethodOptions.of(settings)),
        new RunOptions(4, 1, 1, true, 42));
  }

  /** Squares of normalized embeddings, by definition. */
  private static float[] ofFirstLayer(Checkpoint source) {
    float[] rows = source.tensor("model.embed_tokens.weight").toTensor().data();
    float[] norm = source.tensor("model.layers.0.input_layernorm.weight").toTensor().data();
    double eps = ((Number) source.config().get("rms_norm_eps")).doubleValue();
    int dim = norm.length;
    double[] sums = new double[dim];
    for (int id : DATA.ids(0, DATA.count())) {
      double square = 0;
      for (int k = 0; k < dim; k++) {
        square += Math.pow(rows[id * dim + k], 2);
      }
      for (int k = 0; k < dim; k++) {
        sums[k] += Math.pow(rows[id * dim + k] * norm[k], 2) / (square / dim + eps);
      }
    }
    float[] squares = new float[dim];
    for (int k = 0; k < dim; k++) {
      squares[k] = (float) sums[k];
    }
    return squares;
  }

  @ParameterizedTest
  @CsvSource({"rtn,", "opt-rtn,", "gptq,", "quantease,", "awq,", "signround,iters=2"})
  void areSquaresOfWhatFlowsIn(String method, String options) {
    try (Checkpoint source = TinyModel.open()) {
      Heard heard = new Heard();
      job(source, method, options).run(heard, RunListener.SILENT);
      assertEquals(heard.codes.keySet(), heard.squares.keySet());
      float[] expected = ofFirstLayer(source);
      float[] found = heard.squares.get(FIRST);
      for (int k = 0; k < expected.length; k++) {
        assertEquals(expected[k], found[k], 1e-4f * expected[k]);
      }
      assertArrayEquals(found, heard.squares.get(FIRST.replace("q_proj", "v_proj")));
    }
  }

  /** How often a run asks whether to go on: at each unit, and each batch that passes one. */
  private static int asked(BlockwiseQuantization job, LayerSink sink) {
    int[] count = {0};
    job.run(
        sink,
        new RunListener() {
          @Override
          public boolean cancelled() {
            count[0]++;
            return false;
          }
        });
    return count[0];
  }

  /** Where the file alone rounds, what is counted is what goes on to the next unit. */
  @ParameterizedTest
  @CsvSource({"rtn", "opt-rtn"})
  void areCountedOnTheWayToTheNextUnit(String method) {
    FileBlocks file = new FileBlocks("Q4_0", 32, 18);
    try (Checkpoint source = TinyModel.open()) {
      Heard heard = new Heard();
      BlockwiseQuantization job = job(source, file, method, null);
      int units = job.units().units().size();
      int batches = Math.ceilDiv(DATA.count(), job.memory().passBatch());
      // The embedding, and one pass of each unit.
      assertEquals(units + (1 + units) * batches, asked(job, heard));

      Heard chosen = new Heard();
      job(source, "opt-rtn", null).run(chosen, RunListener.SILENT);
      assertEquals(chosen.squares.keySet(), heard.squares.keySet());
      chosen.squares.forEach(
          (name, squares) -> assertArrayEquals(squares, heard.squares.get(name), name));
      assertTrue(heard.codes.isEmpty());
    }
  }

  /** The same for any threads, and codes are what they are without. */
  @Test
  void looksOnOnly() {
    try (Checkpoint source = TinyModel.open()) {
      Heard one = new Heard();
      Heard several = new Heard();
      Parallel.limited(1, () -> job(source, "gptq", null).run(one, RunListener.SILENT));
      Parallel.limited(3, () -> job(source, "gptq", null).run(several, RunListener.SILENT));
      Map<String, QuantizedMatrix> alone = TinyModel.collect(job(source, "gptq", null));
      one.squares.forEach((name, s) -> assertArrayEquals(s, several.squares.get(name), name));
      alone.forEach(
          (name, q) ->
              assertArrayEquals(q.codes().values(), one.codes.get(name).codes().values(), name));
    }
  }
}
