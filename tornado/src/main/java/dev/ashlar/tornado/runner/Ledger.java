package dev.ashlar.tornado.runner;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Bytes of a device that graphs take, against a limit. A graph has copies of its own of all that it
 * names, so that arrays of several count for each.
 */
final class Ledger {
  private final long limit;
  private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
  private long used;

  /** A ledger with {@code limit} bytes, or with no limit if that is 0. */
  Ledger(long limit) {
    this.limit = limit;
  }

  /** Bytes taken so far. */
  long used() {
    return used;
  }

  /** What is taken from here on is another graph's. */
  void beginGraph() {
    seen.clear();
  }

  /** Bytes of those arrays, of floats, ints and shorts, that the graph has not taken yet. */
  long bytes(List<Object> arrays) {
    Set<Object> own = Collections.newSetFromMap(new IdentityHashMap<>());
    long bytes = 0;
    for (Object array : arrays) {
      if (!seen.contains(array) && own.add(array)) {
        long each = array instanceof ShortArray ? Short.BYTES : Integer.BYTES;
        bytes += each * ((TornadoNativeArray) array).getSize();
      }
    }
    return bytes;
  }

  /**
   * Takes arrays, if they fit.
   *
   * @param more bytes that are taken with them
   */
  boolean take(List<Object> arrays, long more) {
    long bytes = Math.addExact(bytes(arrays), more);
    if (limit > 0 && bytes > limit - used) {
      return false;
    }
    used += bytes;
    seen.addAll(arrays);
    return true;
  }
}
