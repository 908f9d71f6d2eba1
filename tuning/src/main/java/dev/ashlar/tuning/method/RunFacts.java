package dev.ashlar.tuning.method;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a run does whatever its method, as exports record it.
 *
 * @param samples calibration samples
 * @param length tokens of each
 * @param batchSize samples of one micro-batch
 * @param accumulate micro-batches of one step
 * @param nblocks blocks of one unit
 * @param quantizedInput whether units see what the quantized ones before them put out
 */
public record RunFacts(
    int samples, int length, int batchSize, int accumulate, int nblocks, boolean quantizedInput) {
  /** The facts under AutoRound's names, as plain JSON values. */
  public Map<String, Object> recorded() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("nsamples", (long) samples);
    settings.put("seqlen", (long) length);
    settings.put("batch_size", (long) batchSize);
    settings.put("gradient_accumulate_steps", (long) accumulate);
    settings.put("nblocks", (long) nblocks);
    settings.put("enable_quanted_input", quantizedInput);
    return settings;
  }
}
