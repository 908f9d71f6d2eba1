package dev.ashlar.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tensors of parts are made once for a reading from end to end, and hold nothing after it. */
class StackedTensorTest {
  private static final int ROWS = 2048;
  private static final int COLUMNS = 1024;

  /** A checkpoint has hundreds of them, each read once while it is copied. */
  @Test
  void tensorsThatWereReadHoldNoFloats() {
    int[] made = {0};
    List<StackedTensor> all = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      int value = i;
      Shape part = Shape.of(ROWS, COLUMNS);
      StackedTensor t = new StackedTensor("t" + i, Shape.of(2, ROWS, COLUMNS), part);
      for (int p = 0; p < 2; p++) {
        int index = p;
        t.put(
            p,
            0,
            false,
            () -> {
              made[0]++;
              Tensor values = Tensor.zeros(ROWS, COLUMNS);
              Arrays.fill(values.data(), value + 100 * index);
              return values;
            });
      }
      all.add(t);
    }
    long before = used();
    float[] rows = new float[64 * COLUMNS];
    for (int i = 0; i < all.size(); i++) {
      for (long at = 0; at < all.get(i).shape().size(); at += rows.length) {
        all.get(i).read(at, rows, 0, rows.length);
        assertEquals(i + 100 * (at / ((long) ROWS * COLUMNS)), rows[rows.length - 1]);
      }
    }
    assertEquals(2 * all.size(), made[0], "a part was made more than once");
    long one = (long) ROWS * COLUMNS * Float.BYTES;
    long kept = used() - before;
    assertTrue(kept < 3 * one, kept + " bytes kept of parts of " + one);
    assertEquals(16, all.size());
  }

  private static long used() {
    System.gc();
    Runtime r = Runtime.getRuntime();
    return r.totalMemory() - r.freeMemory();
  }
}
