package dev.ashlar.tensor.quant;

import java.util.Optional;

/** A layer that is left as it is. */
public record Unquantized() implements QuantScheme {
  @Override
  public Optional<ActivationScheme> activations() {
    return Optional.empty();
  }

  @Override
  public String toString() {
    return "float";
  }
}
