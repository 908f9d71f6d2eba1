package dev.ashlar.engine.quantize;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Collection;
import java.util.List;

/** Says what became of names of layers to be left float that no layer has. */
public final class IgnoredLayers {
  private IgnoredLayers() {}

  /**
   * Warns of parts of names that only tensors have which stay float anyway.
   *
   * @param idle parts that no layer's name has
   * @param layers names of layers, of which the message shows one
   * @throws InputException if no tensor's name has one of them either: it is misspelt, and what it
   *     meant would be quantized
   */
  public static void check(
      List<String> idle, WeightSource source, Collection<String> layers, JobListener listener) {
    for (String part : idle) {
      if (source.names().stream().noneMatch(name -> name.contains(part))) {
        throw new InputException(
            "no layer is called "
                + part
                + ", which was to be left float (layer names look like "
                + layers.stream().findFirst().orElse("none")
                + ")");
      }
      listener.warning(
          "ignoring " + part + " has no effect: nothing of that name would be quantized");
    }
  }
}
