package dev.ashlar.formats.gguf.family;

import java.util.Map;

/**
 * What transformations need to know of a model, out of its configuration.
 *
 * @param layers blocks
 * @param hidden width of the residual stream
 * @param heads query heads
 * @param kvHeads key and value heads
 * @param headDim elements of a head
 * @param experts routed experts, or 0
 * @param config the whole configuration, for what one family alone needs
 */
public record Sizes(
    int layers,
    int hidden,
    int heads,
    int kvHeads,
    int headDim,
    int experts,
    Map<String, Object> config) {
  private static final int LARGEST = 1 << 24;

  /** Those of a configuration. */
  static Sizes of(Map<String, Object> config) {
    int hidden = required(config, "hidden_size");
    int heads = required(config, "num_attention_heads");
    int kvHeads = optional(config, heads, "num_key_value_heads");
    return new Sizes(
        required(config, "num_hidden_layers"),
        hidden,
        heads,
        kvHeads,
        optional(config, hidden / Math.max(1, heads), "head_dim"),
        optional(config, 0, "num_local_experts"),
        config);
  }

  private static int required(Map<String, Object> config, String... keys) {
    return count(ConfigValues.required(config, keys), keys[0]);
  }

  private static int optional(Map<String, Object> config, int otherwise, String... keys) {
    return count(ConfigValues.whole(config, keys).orElse(otherwise), keys[0]);
  }

  private static int count(long n, String key) {
    if (n < 0 || n > LARGEST) {
      throw new FamilyException(key, "a number up to " + LARGEST, Long.toString(n));
    }
    return (int) n;
  }
}
