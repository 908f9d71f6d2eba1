package dev.ashlar.engine.quantize;

import dev.ashlar.tuning.RunReport;
import dev.ashlar.tuning.quality.BlockwiseEvaluation.Quality;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a finished job has to tell.
 *
 * @param request what was asked for
 * @param run which layers were quantized, and how the tuning went
 * @param written the folders, each read again and checked, in the order of the request's formats
 * @param kept how many tensors of each part beside the language model were written unchanged
 * @param sourceCodes how many of the source's tensors were codes already, by their type
 * @param bytesBefore of the source's tensors
 * @param time of the whole job
 * @param estimate of the tuning before it began, where it was estimated
 * @param measured what quantizing cost, for each text that it was measured on
 */
public record QuantizeResult(
    QuantizeRequest request,
    RunReport run,
    List<Written> written,
    Map<String, Integer> kept,
    Map<String, Integer> sourceCodes,
    long bytesBefore,
    Duration time,
    Optional<Duration> estimate,
    List<Measured> measured) {
  /**
   * The float model, plain rounding and the result on one text, the latter two also compared with
   * the float model.
   *
   * @param dataset its name
   * @param windows how many were measured
   */
  public record Measured(
      String dataset, int windows, Quality original, Quality rounded, Quality tuned) {}

  public QuantizeResult {
    written = List.copyOf(written);
    measured = List.copyOf(measured);
  }

  /** The first format's folder. */
  public Path folder() {
    return written.getFirst().folder();
  }

  /** Bytes of the first folder's tensors. */
  public long bytesAfter() {
    return written.getFirst().check().tensorBytes();
  }
}
