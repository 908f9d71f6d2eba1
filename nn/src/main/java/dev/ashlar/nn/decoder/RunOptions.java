package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.kernel.Activations;

/**
 * How a decoder is going to be run; see {@link Decoder#loadPacked}.
 *
 * @param activations how products with packed matrices take theirs
 * @param prompt tokens of the first prompt, as far as that is known: kernels that only longer
 *     prompts need are not warmed up, and a longer one pays for them itself
 */
public record RunOptions(Activations activations, int prompt) {
  public RunOptions {
    if (prompt < 1) {
      throw new IllegalArgumentException("a prompt has at least one token: " + prompt);
    }
  }

  /** Exact activations, prompts of any length. */
  public static RunOptions defaults() {
    return new RunOptions(Activations.FLOAT, Integer.MAX_VALUE);
  }

  /** The same with other activations. */
  public RunOptions with(Activations other) {
    return new RunOptions(other, prompt);
  }

  /** The same for a first prompt of {@code tokens} tokens. */
  public RunOptions forPrompt(int tokens) {
    return new RunOptions(activations, tokens);
  }
}
