package dev.ashlar.tuning.walk;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A flight recorder event for each pass of all samples through a unit. */
@Name("dev.ashlar.StreamPass")
@Label("Stream pass")
@Description("All calibration samples through one block, forward only")
@Category("Ashlar")
@StackTrace(false)
final class StreamPass extends Event {
  @Label("Unit")
  String name;
}
