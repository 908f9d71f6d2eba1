package dev.ashlar.tuning.signround;

import dev.ashlar.tuning.method.UnitResult;

/** One unit under tuning, wherever its iterations are computed. */
interface Tuning extends AutoCloseable {
  /** Samples that one iteration sees. */
  int batch();

  /** Makes all ŵ from the parameters. */
  void build();

  /**
   * Loss of the samples with the present ŵ, and the gradients of all ŵ.
   *
   * @param gradients whether they are wanted
   */
  double run(int[] samples, boolean gradients);

  /** The sign step of iteration {@code i} for all parameters. */
  void step(SignRoundOptions options, int i);

  /** Keeps what the present parameters produce as the result; call before they step. */
  void keep();

  /** What was kept, without a history. */
  UnitResult result();

  /** Gives back what it took. */
  @Override
  void close();
}
