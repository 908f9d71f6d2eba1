package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** Granite 3 MoE with an expert that all tokens share. */
final class GraniteMoeShared implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of("num_local_experts", 8, "num_experts_per_tok", 2);

  @Override
  public String modelType() {
    return "granitemoeshared";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  /** What it does differently. */
  static class Style extends GraniteMoe.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    Optional<FeedForwardSpec> shared() {
      int hidden = config.natural("shared_intermediate_size", 0);
      return hidden == 0
          ? Optional.empty()
          : Optional.of(
              new FeedForwardSpec.FusedGated(
                  LinearSpec.of("shared_mlp.input_linear", dim, 2 * hidden, false),
                  LinearSpec.of("shared_mlp.output_linear", hidden, dim, false),
                  activation()));
    }
  }
}
