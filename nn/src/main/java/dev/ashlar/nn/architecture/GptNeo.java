package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.List;
import java.util.Map;

/** GPT-Neo (EleutherAI): GPT-2 with unscaled scores and local layers. */
final class GptNeo implements Architecture {
  /** The pattern of layers and how often it comes, where the configuration has no list. */
  private static final List<Object> PATTERN = List.of(List.of(List.of("global", "local"), 12));

  @Override
  public String modelType() {
    return "gpt_neo";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
  }

  /** What it does differently. */
  static class Style extends Gpt2.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(
          modelType,
          config,
          source,
          new Keys("hidden_size", "num_layers", "num_heads", "", "max_position_embeddings"));
    }

    @Override
    double scale(int layer) {
      return 1;
    }

    @Override
    ProjectionSpec projection(int layer) {
      return new ProjectionSpec.Separate(
          LinearSpec.of("attn.attention.q_proj", dim, dim, false),
          LinearSpec.of("attn.attention.k_proj", dim, dim, false),
          LinearSpec.of("attn.attention.v_proj", dim, dim, false));
    }

    @Override
    LinearSpec attentionOutput() {
      return LinearSpec.of("attn.attention.out_proj", dim, dim, true);
    }

    @Override
    int defaultMaxPositions() {
      return 2048;
    }

    @Override
    int window(int layer) {
      return local(layer) ? config.count("window_size", 256) : 0;
    }

    /** From the list of layers, or from the pattern that was written before there was a list. */
    private boolean local(int layer) {
      if (config.has("attention_layers")) {
        return kind(config.texts("attention_layers", layers).get(layer));
      }
      int at = 0;
      for (Object entry :
          config.has("attention_types") ? config.list("attention_types") : PATTERN) {
        if (entry instanceof List<?> e
            && e.size() == 2
            && e.getFirst() instanceof List<?> pattern
            && !pattern.isEmpty()
            && e.getLast() instanceof Number times) {
          long end = at + (long) pattern.size() * times.intValue();
          if (layer < end) {
            return kind(String.valueOf(pattern.get((layer - at) % pattern.size())));
          }
          at = (int) Math.min(end, layers);
        } else {
          throw config.fault("attention_types", "pairs of a pattern and a count", "others", "");
        }
      }
      throw config.fault("attention_layers", "an entry for each layer", "none for " + layer, "");
    }

    private boolean kind(String kind) {
      return switch (kind) {
        case "local" -> true;
        case "global" -> false;
        default ->
            throw config.fault("attention_layers", "local or global", Config.describe(kind), "");
      };
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      int hidden = config.count("intermediate_size", 4 * dim);
      return plain("mlp.c_fc", "mlp.c_proj", hidden, true);
    }
  }
}
