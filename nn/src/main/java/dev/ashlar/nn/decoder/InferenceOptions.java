package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kv.KvPrecision;

/**
 * How a decoder is going to be run; see {@link Decoder#loadPacked}.
 *
 * @param activations how products with packed matrices take theirs
 * @param prompt tokens of the first prompt, as far as that is known: kernels that only longer
 *     prompts need are not warmed up, and a longer one pays for them itself
 * @param cache how keys and values are going to be stored; only the warm-up asks
 * @param head how the output map is kept
 */
public record InferenceOptions(
    ActivationPrecision activations, int prompt, KvPrecision cache, HeadPrecision head) {
  public InferenceOptions {
    if (prompt < 1) {
      throw new IllegalArgumentException("a prompt has at least one token: " + prompt);
    }
  }

  /**
   * Exact activations, prompts of any length, a cache of floats, the output map as it is stored.
   */
  public static InferenceOptions defaults() {
    return new InferenceOptions(
        ActivationPrecision.FLOAT, Integer.MAX_VALUE, KvPrecision.F32, HeadPrecision.STORED);
  }

  /** The same with other activations. */
  public InferenceOptions with(ActivationPrecision other) {
    return new InferenceOptions(other, prompt, cache, head);
  }

  /** The same for a first prompt of {@code tokens} tokens. */
  public InferenceOptions forPrompt(int tokens) {
    return new InferenceOptions(activations, tokens, cache, head);
  }

  /** The same with keys and values stored at {@code other}. */
  public InferenceOptions with(KvPrecision other) {
    return new InferenceOptions(activations, prompt, other, head);
  }

  /** The same with the output map kept as {@code other}. */
  public InferenceOptions with(HeadPrecision other) {
    return new InferenceOptions(activations, prompt, cache, other);
  }
}
