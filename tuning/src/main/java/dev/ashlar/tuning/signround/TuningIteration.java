package dev.ashlar.tuning.signround;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A flight recorder event for each iteration of a tuning. */
@Name("dev.ashlar.TuningIteration")
@Label("Tuning iteration")
@Description("One sign step of a block: forward, backward, update")
@Category("Ashlar")
@StackTrace(false)
@Enabled(false)
final class TuningIteration extends Event {
  @Label("Unit")
  int unit;

  @Label("Iteration")
  int iteration;

  @Label("Loss")
  double loss;
}
