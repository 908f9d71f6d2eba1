package dev.ashlar.tornado.runner;

import java.util.EnumMap;
import java.util.Map;

/** Elements that a row needs of each {@link Scratch}: the most that any block does. */
final class Widths {
  private final Map<Scratch, Integer> floats = new EnumMap<>(Scratch.class);
  private int experts;

  void atLeast(Scratch what, int n) {
    floats.merge(what, n, Math::max);
  }

  /** Experts of a row. */
  void experts(int n) {
    experts = Math.max(experts, n);
  }

  int experts() {
    return experts;
  }

  Map<Scratch, Integer> floats() {
    return floats;
  }

  /** Bytes of all for {@code rows} rows. */
  long bytes(int rows) {
    long each = experts;
    for (int n : floats.values()) {
      each += n;
    }
    return each * rows * Float.BYTES;
  }
}
