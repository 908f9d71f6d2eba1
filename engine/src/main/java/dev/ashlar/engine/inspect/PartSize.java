package dev.ashlar.engine.inspect;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What one part of a model takes.
 *
 * @param tensors units, not stored tensors: experts of a stack count one by one
 * @param elements weights and biases
 * @param bytes in the files, scales and zero points included
 */
public record PartSize(Part part, int tensors, long elements, long bytes) {
  /** Bits for each element, scales and zero points included. */
  public double bitsPerWeight() {
    return elements == 0 ? 0 : 8.0 * bytes / elements;
  }

  /** The parts that have any tensors, in the order of {@link Part}. */
  public static List<PartSize> of(Collection<Unit> units) {
    Map<Part, PartSize> sizes = new EnumMap<>(Part.class);
    for (Unit unit : units) {
      PartSize one = new PartSize(unit.part(), 1, unit.shape().size(), unit.bytes());
      sizes.merge(unit.part(), one, PartSize::plus);
    }
    return new ArrayList<>(sizes.values());
  }

  private PartSize plus(PartSize other) {
    return new PartSize(
        part, tensors + other.tensors, elements + other.elements, bytes + other.bytes);
  }
}
