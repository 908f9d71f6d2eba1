package dev.ashlar.engine;

import dev.ashlar.engine.job.Faults;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.model.Model;
import dev.ashlar.engine.quantize.IgnoredLayers;
import dev.ashlar.engine.quantize.QuantizeJob;
import dev.ashlar.engine.quantize.Recorded;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.ObservedQuantization;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * A float model whose layers observe what flows into them, for callers who own the loop: prepare,
 * run on one's own data in one's own way, convert.
 *
 * {@snippet :
 * PreparedModel prepared = model.prepare(scheme, method);
 * for (int[] ids : samples) {
 *   prepared.forward(ids);
 * }
 * LanguageModel quantized = prepared.convert();
 * }
 *
 * <p>Valid as long as the model it was made of is open. Not thread-safe.
 */
public final class PreparedModel {
  private final Model model;
  private final ObservedQuantization quantization;
  private final ModelOptions options;
  private final Function<UnitResult, LanguageModel> converted;
  private final Tape tape;

  private PreparedModel(
      Model model,
      ObservedQuantization quantization,
      ModelOptions options,
      Function<UnitResult, LanguageModel> converted) {
    this.model = model;
    this.quantization = quantization;
    this.options = options;
    this.converted = converted;
    this.tape = Tape.off(quantization.observed().backend());
  }

  /**
   * Prepares an open model.
   *
   * @param converted makes the quantized model of its codes and its decoder
   */
  static PreparedModel of(
      Model model,
      QuantizationPlan plan,
      Method.Choice method,
      long seed,
      ModelOptions options,
      BiFunction<QuantizedState, Decoder, LanguageModel> converted) {
    QuantizeJob.requireFloat(model.unadapted());
    return options.run(
        () -> {
          Decoder floats = model.floats(options.kernels());
          ObservedQuantization quantization =
              Faults.translated(
                  () -> new ObservedQuantization(floats, plan, method.create(), seed));
          IgnoredLayers.check(
              quantization.idle(),
              model.checkpoint(),
              quantization.schemes().keySet(),
              JobListener.SILENT);
          return new PreparedModel(
              model,
              quantization,
              options,
              result -> {
                Map<String, Object> settings = Recorded.of(method, Optional.empty());
                QuantizedState codes = new QuantizedState(result, plan.defaultScheme(), settings);
                return converted.apply(codes, codes.in(floats, options));
              });
        });
  }

  /** Scheme of each layer that will be quantized, by complete module name, in the model's order. */
  public Map<String, QuantScheme> schemes() {
    return quantization.schemes();
  }

  /** The model itself, for passes of one's own making: batches, padding, caches. */
  public Decoder decoder() {
    return quantization.observed();
  }

  /**
   * Runs one sequence of token ids through the model, every layer observing.
   *
   * @return the logits {@code [vocab]} behind the last token, the caller's to keep
   * @throws dev.ashlar.io.InputException if the model has no row for an id
   */
  public float[] forward(int... ids) {
    model.requireTokens(ids);
    return options.run(
        () -> {
          Tensor logits = decoder().forward(ids, BlockContext.of(1, ids.length), tape);
          int vocab = logits.dim(-1);
          float[] last = Arrays.copyOfRange(logits.data(), logits.size() - vocab, logits.size());
          tape.reset();
          return last;
        });
  }

  /**
   * The quantized model that what was observed leads to; called once. It runs, and can be
   * {@linkplain LanguageModel#export exported}, as long as the model that was prepared is open.
   *
   * @throws dev.ashlar.io.AshlarException if a scale overflows
   * @throws IllegalStateException if it was called before
   */
  public LanguageModel convert() {
    return options.run(() -> converted.apply(Faults.translated(quantization::convert)));
  }
}
