package dev.ashlar.engine;

import dev.ashlar.engine.quantize.QuantizeResult;
import dev.ashlar.engine.quantize.Written;
import dev.ashlar.tuning.RunReport;
import dev.ashlar.tuning.quality.LogitComparison;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a finished {@link Quantization} has to tell.
 *
 * @param folders the written models by format, each read again and checked, in the order asked for
 * @param run which layers were quantized, and how the tuning went
 * @param bytesBefore of the source's tensors
 * @param bytesAfter of the first folder's tensors
 * @param time of the whole job
 * @param perplexities before and after, where they were asked for
 */
public record Quantized(
    Map<String, Path> folders,
    RunReport run,
    long bytesBefore,
    long bytesAfter,
    Duration time,
    Optional<Perplexities> perplexities) {
  /**
   * What quantizing cost.
   *
   * @param original of the float model
   * @param rounded of plain rounding to the same schemes
   * @param quantized of the result
   * @param windows how many were measured
   * @param divergence mean KL divergence of the result from the float model, in nats
   * @param agreement share of the tokens that both rank first
   */
  public record Perplexities(
      double original,
      double rounded,
      double quantized,
      int windows,
      double divergence,
      double agreement) {
    private static Perplexities of(QuantizeResult.Measured m) {
      LogitComparison comparison = m.tuned().comparison().orElseThrow();
      return new Perplexities(
          m.original().perplexity().value(),
          m.rounded().perplexity().value(),
          m.tuned().perplexity().value(),
          m.windows(),
          comparison.klDivergence(),
          comparison.topAgreement());
    }
  }

  public Quantized {
    folders = Collections.unmodifiableMap(new LinkedHashMap<>(folders));
  }

  /** The first format's folder. */
  public Path folder() {
    return folders.values().iterator().next();
  }

  static Quantized of(QuantizeResult result) {
    Map<String, Path> folders = new LinkedHashMap<>();
    for (Written w : result.written()) {
      folders.put(w.format(), w.folder());
    }
    return new Quantized(
        folders,
        result.run(),
        result.bytesBefore(),
        result.bytesAfter(),
        result.time(),
        result.measured().stream().findFirst().map(Perplexities::of));
  }
}
