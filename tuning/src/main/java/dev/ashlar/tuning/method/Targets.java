package dev.ashlar.tuning.method;

import dev.ashlar.tensor.Tensor;

/** What a unit should put out for each calibration sample: the float model's values. */
public interface Targets {
  /** Width of a row. */
  int dim();

  /**
   * Copies the values of samples {@code rows[from .. from + count)} into {@code into}.
   *
   * @param into {@code [count, length, dim]}
   */
  void gather(int[] rows, int from, int count, Tensor into);
}
