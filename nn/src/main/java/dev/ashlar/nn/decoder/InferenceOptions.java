package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.kernel.ActivationPrecision;

/**
 * How a decoder is going to be run; see {@link Decoder#loadPacked}.
 *
 * @param activations how products with packed matrices take theirs
 * @param prompt tokens of the first prompt, as far as that is known: kernels that only longer
 *     prompts need are not warmed up, and a longer one pays for them itself
 */
public record InferenceOptions(ActivationPrecision activations, int prompt) {
  public InferenceOptions {
    if (prompt < 1) {
      throw new IllegalArgumentException("a prompt has at least one token: " + prompt);
    }
  }

  /** Exact activations, prompts of any length. */
  public static InferenceOptions defaults() {
    return new InferenceOptions(ActivationPrecision.FLOAT, Integer.MAX_VALUE);
  }

  /** The same with other activations. */
  public InferenceOptions with(ActivationPrecision other) {
    return new InferenceOptions(other, prompt);
  }

  /** The same for a first prompt of {@code tokens} tokens. */
  public InferenceOptions forPrompt(int tokens) {
    return new InferenceOptions(activations, tokens);
  }
}
