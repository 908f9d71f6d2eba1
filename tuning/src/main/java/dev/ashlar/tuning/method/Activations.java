package dev.ashlar.tuning.method;

import dev.ashlar.tensor.Tensor;

/**
 * One hidden state {@code [length, dim]} for each sample that flows through a model. Where they lie
 * (in the heap, in half precision, in a file) is the choice of whoever made them; see {@code
 * dev.ashlar.tuning.walk.ActivationStore}.
 *
 * <p>Used by one thread at a time. Closing gives back what they take; they are not to be used after
 * that.
 */
public interface Activations extends Targets, AutoCloseable {
  /** Zeros for {@code count} samples, in the heap as floats. */
  static Activations zeros(int count, int length, int dim) {
    return new HeapActivations(count, length, dim);
  }

  /** Samples. */
  int count();

  /** Tokens of each sample. */
  int length();

  /** Whether what is read is to the last bit what was written. */
  default boolean exact() {
    return true;
  }

  /**
   * Copies samples {@code [first, first + count)} into {@code into}.
   *
   * @param into {@code [count, length, dim]}
   */
  void read(int first, int count, Tensor into);

  /** Overwrites samples {@code [first, first + count)} with {@code batch [count, length, dim]}. */
  void write(int first, int count, Tensor batch);

  @Override
  void close();
}
