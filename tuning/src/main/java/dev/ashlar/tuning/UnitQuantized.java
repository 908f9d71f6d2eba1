package dev.ashlar.tuning;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A flight recorder event for each unit that a method finished. */
@Name("dev.ashlar.UnitQuantized")
@Label("Unit quantized")
@Description("A method chose the codes of one block")
@Category("Ashlar")
@StackTrace(false)
final class UnitQuantized extends Event {
  @Label("Unit")
  int unit;

  @Label("Name")
  String name;

  @Label("Layers")
  int layers;

  @Label("Best loss")
  double bestLoss;
}
