package dev.ashlar.tensor.kernel.vector.attention;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;

import dev.ashlar.tensor.kernel.vector.attention.AttentionScratch.Slot;
import dev.ashlar.tensor.kv.KvPages;
import dev.ashlar.tensor.kv.KvRows;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Some rows of one head as floats: where they lie, if they lie together, or else in a thread's
 * scratch, where they are still in the first-level cache when they are read. Narrow rows thus cross
 * the memory bus as narrow as they are kept.
 */
final class KvTile {
  /** A byte for each lane; there are no byte vectors for four. */
  private static final VectorSpecies<Byte> B =
      L == 16 ? ByteVector.SPECIES_128 : ByteVector.SPECIES_64;

  private final AttentionScratch own;
  private float[] data;
  private int at;
  private int stride;

  KvTile(AttentionScratch own) {
    this.own = own;
  }

  /** The array that holds the rows. */
  float[] data() {
    return data;
  }

  /** Index of the first element of the first row. */
  int at() {
    return at;
  }

  /** Floats from one row to the next. */
  int stride() {
    return stride;
  }

  /** Shows rows {@code [from, to)}, until the next call. */
  void show(KvRows rows, int sequence, int head, int from, int to) {
    switch (rows) {
      case KvRows.Dense d -> {
        data = d.data();
        at = d.at(sequence, head, from);
        stride = d.stride();
      }
      case KvRows.Paged p -> {
        stride = p.dim();
        int tokens = p.pages().tokens();
        int slot = from % tokens;
        if (p.pages() instanceof KvPages.Floats f && slot + to - from <= tokens) {
          data = f.page(p.tables()[sequence][from / tokens]);
          at = f.at(head, slot);
        } else {
          data = own.take(Slot.TILE, (long) (to - from) * stride);
          at = 0;
          gather(p, sequence, head, from, to);
        }
      }
    }
  }

  private void gather(KvRows.Paged p, int sequence, int head, int from, int to) {
    if (!(p.pages() instanceof KvPages.Bytes bytes) || L < 8) {
      p.read(sequence, head, from, to, data, 0);
      return;
    }
    int tokens = bytes.tokens();
    for (int j = from; j < to; ) {
      int slot = j % tokens;
      int n = Math.min(to - j, tokens - slot);
      int page = p.tables()[sequence][j / tokens];
      byte[] codes = bytes.codes(page);
      float[] scales = bytes.scales(page);
      for (int i = 0; i < n; i++) {
        float scale = scales[head * tokens + slot + i];
        widen(stride, codes, bytes.at(head, slot + i), scale, data, (j - from + i) * stride);
      }
      j += n;
    }
  }

  /** {@code y = scale·x} on {@code n} bytes, which the compiler does not find by itself. */
  private static void widen(int n, byte[] x, int xOff, float scale, float[] y, int yOff) {
    int i = 0;
    for (; i <= n - L; i += L) {
      ByteVector.fromArray(B, x, xOff + i)
          .convertShape(VectorOperators.B2F, F, 0)
          .reinterpretAsFloats()
          .mul(scale)
          .intoArray(y, yOff + i);
    }
    for (; i < n; i++) {
      y[yOff + i] = x[xOff + i] * scale;
    }
  }
}
