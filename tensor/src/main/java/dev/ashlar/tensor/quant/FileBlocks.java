package dev.ashlar.tensor.quant;

import java.util.Optional;

/**
 * Weights as blocks of a type that files have: floats go to the file, which rounds them as it does
 * without any method before it. Methods that do nothing but round leave a layer to it; others
 * refuse it.
 *
 * @param type what the file calls it
 * @param elements of a block
 * @param bytes of a block, scales included
 */
public record FileBlocks(String type, int elements, int bytes) implements QuantScheme {
  @Override
  public Optional<ActivationScheme> activations() {
    return Optional.empty();
  }

  /** The type's name. */
  @Override
  public String toString() {
    return type;
  }
}
