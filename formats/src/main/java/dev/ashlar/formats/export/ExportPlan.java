package dev.ashlar.formats.export;

import dev.ashlar.tensor.quant.QuantScheme;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is going to be quantized and how, known before tuning begins.
 *
 * @param base the scheme that the configuration states once
 * @param linears the scheme of every linear map in the blocks, and of {@code lm_head} if it is to
 *     be quantized; those that stay float have 16 bits
 * @param settings how codes are chosen ({@code iters}, {@code nsamples}…), recorded where a format
 *     has room; plain JSON values
 */
public record ExportPlan(
    QuantScheme base, Map<String, QuantScheme> linears, Map<String, Object> settings) {
  public ExportPlan {
    linears = Collections.unmodifiableMap(new LinkedHashMap<>(linears));
    settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }

  /** A plan without recorded settings. */
  public ExportPlan(QuantScheme base, Map<String, QuantScheme> linears) {
    this(base, linears, Map.of());
  }
}
