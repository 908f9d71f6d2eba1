package dev.ashlar.nn.layer;

/**
 * A weight that multiplies with another one and does something beside it: rounds or shows inputs,
 * keeps outputs. As large as what it wraps.
 */
public interface WrappedWeight extends Weight {
  /** What is multiplied with. */
  Weight inner();

  @Override
  default int out() {
    return inner().out();
  }

  @Override
  default int in() {
    return inner().in();
  }
}
