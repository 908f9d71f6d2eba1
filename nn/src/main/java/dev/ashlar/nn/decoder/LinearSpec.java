package dev.ashlar.nn.decoder;

/**
 * A linear map of the checkpoint.
 *
 * @param name module name: relative to the block inside blocks, complete elsewhere
 * @param bias whether it has one
 * @param transposed whether the checkpoint holds {@code [in, out]} (GPT-2's Conv1D)
 */
public record LinearSpec(String name, int in, int out, boolean bias, boolean transposed) {
  /** A map stored as {@code [out, in]}. */
  public static LinearSpec of(String name, int in, int out, boolean bias) {
    return new LinearSpec(name, in, out, bias, false);
  }
}
