package dev.ashlar.engine.quantize;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.formats.export.FileRounding;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.RoundingWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.quality.BlockwiseEvaluation;
import dev.ashlar.tuning.quality.BlockwiseEvaluation.Quality;
import dev.ashlar.tuning.walk.ActivationStore;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The figures that say what quantizing cost on one text: perplexity of the float model, of rounding
 * and of the result, and how far the latter two are from the float model; each with one block in
 * memory at a time.
 */
final class Perplexities implements AutoCloseable {
  /** Bytes of the float model's hidden states that may wait in the heap while a model is tuned. */
  private static final long IN_HEAP = 64L << 20;

  private final JobListener listener;
  private final String name;
  private final BlockwiseEvaluation evaluation;
  private Quality original;
  private Quality rounded;

  /**
   * @param name of the text
   * @param ids the text, tokenized once without special tokens
   * @param length tokens of each window
   * @param limit windows at most; 0 for all
   * @param spillFolder takes the float model's hidden states where they are many
   * @throws InputException if the text is shorter than one window
   */
  Perplexities(
      JobListener listener, String name, int[] ids, int length, int limit, Path spillFolder) {
    if (ids.length < length) {
      throw new InputException(
          "the evaluation text "
              + name
              + " has "
              + ids.length
              + " tokens, fewer than one window of "
              + length
              + "; give a longer --eval-dataset or a shorter --eval-seqlen");
    }
    this.listener = listener;
    this.name = name;
    this.evaluation =
        new BlockwiseEvaluation(ids, length, limit, ActivationStore.heapUpTo(IN_HEAP, spillFolder));
  }

  /** Measures the float model. */
  void original(Decoder model) {
    try (Stage stage = begin("float")) {
      original =
          new Quality(evaluation.reference(model, done -> stage.at(done, "")), Optional.empty());
    }
    // The float model's embedding would lie in memory while the other is tuned and written.
    evaluation.rest();
  }

  /**
   * Measures the float model with every layer rounded to its scheme, behind {@link #original}.
   * Where the result is that, it need not be called.
   */
  void rounded(Decoder model, Map<String, QuantScheme> schemes) {
    evaluation.resume(model);
    rounded =
        of(
            Methods.BASELINE.label(),
            model,
            unit -> unit.mapWeights((layer, w) -> rounded(layer, w, schemes.get(layer))));
    evaluation.rest();
  }

  private static Weight rounded(String name, Weight weight, QuantScheme scheme) {
    Optional<Tensor> floats = scheme == null ? Optional.empty() : weight.floats();
    if (floats.isEmpty()) {
      return weight;
    }
    if (scheme instanceof FileBlocks own) {
      return new DenseWeight(FileRounding.of(floats.get(), own));
    }
    LinearLayer layer = new LinearLayer(name, floats.get(), scheme);
    // What inputs reach is found while tuning only, behind this measurement.
    return RoundingWeight.of(
        new DenseWeight(RoundToNearest.quantize(layer).dequantize()),
        scheme.activations().map(ActivationScheme::withoutData));
  }

  /**
   * All figures, with those of the result; the last that is asked.
   *
   * @param source the float model as {@link #original} had it; only its output map is read again
   * @param result what was written
   */
  QuantizeResult.Measured after(Decoder source, Decoder result) {
    evaluation.resume(source);
    Quality tuned = of("quantized", result, unit -> unit);
    close();
    return new QuantizeResult.Measured(
        name, evaluation.windows(), original, rounded == null ? tuned : rounded, tuned);
  }

  /** Forgets the float model's hidden states, which may be a file. */
  @Override
  public void close() {
    evaluation.close();
  }

  private Quality of(String label, Decoder model, UnaryOperator<Unit> change) {
    try (Stage stage = begin(label)) {
      return evaluation.of(model, change, done -> stage.at(done, ""));
    }
  }

  private Stage begin(String label) {
    return listener.begin("perplexity, " + label, evaluation.windows());
  }
}
