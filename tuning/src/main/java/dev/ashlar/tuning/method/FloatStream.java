package dev.ashlar.tuning.method;

/**
 * The float model's activations at one unit, for methods that compare what flows into its layers
 * with what flows there in the float model. Used by one thread at a time.
 */
public interface FloatStream {
  /** What flows into the float unit; read only. */
  Activations inputs();

  /**
   * Sends all samples through {@code watched}, in order: the float unit, of which weights look at
   * what they get or give. What comes out flows into the next unit, so that the float unit is run
   * once; called at most once for each unit. A method that has the stream for its {@link
   * BlockQuantizer#floatInputs} only has no inputs after that.
   */
  void pass(Unit watched);

  /**
   * Sends the stream that the unit is tuned on through it as it is now, for a method that has a
   * part of what comes out already: the run does not do so again. At most once, behind {@link
   * #pass}, when nothing more is asked of the task's inputs.
   *
   * @param changed the float unit with the method's result
   */
  void advance(Unit changed);

  /** Zeros {@code [length, dim]} for each sample, kept where the run keeps such; to be closed. */
  Activations room(int dim);
}
