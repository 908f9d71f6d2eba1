package dev.ashlar.nn.generate;

/**
 * What a model computes is NaN or infinity although its weights are finite: some of them are so
 * large that sums run over.
 */
public final class NotFiniteException extends ArithmeticException {
  private static final long serialVersionUID = 1;

  /**
   * The fault.
   *
   * @param what is not finite, for example "the logits"
   */
  public NotFiniteException(String what) {
    super(
        what
            + " of the model are NaN or infinity though its weights are finite: some are far too"
            + " large, so the checkpoint is damaged or not of this architecture");
  }
}
