package dev.ashlar.text.jinja.value;

import java.util.AbstractList;
import java.util.List;

/** Python's range: numbers that are never stored. */
public record Range(long start, long stop, long step) implements PythonObject {
  /** The sandbox's own limit. */
  public static final int LONGEST = 100_000;

  public Range {
    if (step == 0) {
      throw new TemplateException("range() arg 3 must not be zero");
    }
  }

  /** How many numbers there are; saturates. */
  public long size() {
    double distance = ((double) stop - start) / step;
    return distance <= 0 ? 0 : (long) Math.ceil(distance);
  }

  /** The numbers as a list. */
  public List<Object> list() {
    int size = (int) Math.min(size(), LONGEST);
    return new AbstractList<>() {
      @Override
      public Object get(int i) {
        return start + i * step;
      }

      @Override
      public int size() {
        return size;
      }
    };
  }

  @Override
  public String typeName() {
    return "range";
  }

  @Override
  public String repr(Rendering rendering) {
    return "range(" + start + ", " + stop + (step == 1 ? ")" : ", " + step + ")");
  }
}
