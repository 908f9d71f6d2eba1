package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.ConversionKernel;
import java.util.Arrays;

/**
 * The keys or the values of one block, {@code [lanes, capacity, dim]}, a lane being a head of a
 * sequence. Attention reads floats: what is stored narrower is widened for it, up to the present
 * length, into an array that all blocks share.
 */
abstract sealed class KvPlane permits KvPlane.Floats, KvPlane.Halves, KvPlane.Bytes {
  private static final int LEAST_CAPACITY = 64;

  private final int lanes;
  private final int dim;
  private int capacity;

  KvPlane(int lanes, int dim) {
    this.lanes = lanes;
    this.dim = dim;
  }

  /**
   * An empty plane.
   *
   * @param wide where narrower planes are widened
   */
  static KvPlane of(KvCache.Precision precision, int lanes, int dim, Wide wide) {
    return switch (precision) {
      case F32 -> new Floats(lanes, dim);
      case F16 -> new Halves(lanes, dim, wide);
      case INT8 -> new Bytes(lanes, dim, wide);
    };
  }

  final int lanes() {
    return lanes;
  }

  final int dim() {
    return dim;
  }

  final int capacity() {
    return capacity;
  }

  /** Makes room for {@code needed} rows in each lane, of which {@code length} hold something. */
  final void ensure(int needed, int length) {
    if (needed <= capacity) {
      return;
    }
    int more = (int) Math.min(Integer.MAX_VALUE, Math.max(LEAST_CAPACITY, 2L * capacity));
    more = Math.max(more, needed);
    if ((long) lanes * dim * more > Integer.MAX_VALUE - 8) {
      throw new IllegalStateException(
          "a key/value cache of " + needed + " tokens is too large for one array per block");
    }
    int old = capacity;
    capacity = more;
    grow(old, length);
  }

  /** Replaces the arrays by larger ones, {@link #capacity()} having changed from {@code old}. */
  abstract void grow(int old, int length);

  /** Stores one row of {@code dim} floats. */
  abstract void put(int lane, int position, float[] x, int at, Backend backend);

  /** Floats of the first {@code length} rows of each lane, laid out like the plane. */
  abstract Tensor floats(int length, Backend backend);

  abstract long byteSize();

  final int row(int lane, int position) {
    return lane * capacity + position;
  }

  /** An array that grows, shared by the planes of a cache: one is read at a time. */
  static final class Wide {
    private Tensor tensor;

    private Tensor atLeast(int lanes, int capacity, int dim) {
      if (tensor == null || tensor.size() < lanes * capacity * dim) {
        tensor = Tensor.zeros(lanes, capacity, dim);
      }
      return tensor;
    }
  }

  /** As computed. */
  static final class Floats extends KvPlane {
    private Tensor tensor;

    Floats(int lanes, int dim) {
      super(lanes, dim);
    }

    @Override
    void grow(int old, int length) {
      Tensor larger = Tensor.zeros(lanes(), capacity(), dim());
      for (int i = 0; i < lanes() && tensor != null; i++) {
        System.arraycopy(
            tensor.data(), i * old * dim(), larger.data(), row(i, 0) * dim(), length * dim());
      }
      tensor = larger;
    }

    @Override
    void put(int lane, int position, float[] x, int at, Backend backend) {
      System.arraycopy(x, at, tensor.data(), row(lane, position) * dim(), dim());
    }

    @Override
    Tensor floats(int length, Backend backend) {
      return tensor;
    }

    @Override
    long byteSize() {
      return 4L * tensor.size();
    }
  }

  /** 16-bit floats; what is beyond their range becomes the largest of them. */
  static final class Halves extends KvPlane {
    private static final float LARGEST = 65504f;

    private final Wide wide;
    private short[] halves = {};
    private final float[] bounded;

    Halves(int lanes, int dim, Wide wide) {
      super(lanes, dim);
      this.wide = wide;
      this.bounded = new float[dim];
    }

    @Override
    void grow(int old, int length) {
      short[] larger = new short[lanes() * capacity() * dim()];
      for (int i = 0; i < lanes() && old > 0; i++) {
        System.arraycopy(halves, i * old * dim(), larger, row(i, 0) * dim(), length * dim());
      }
      halves = larger;
    }

    @Override
    void put(int lane, int position, float[] x, int at, Backend backend) {
      for (int d = 0; d < dim(); d++) {
        bounded[d] = Math.clamp(x[at + d], -LARGEST, LARGEST);
      }
      backend.conversion().narrowF16(dim(), bounded, 0, halves, row(lane, position) * dim());
    }

    @Override
    Tensor floats(int length, Backend backend) {
      Tensor floats = wide.atLeast(lanes(), capacity(), dim());
      ConversionKernel kernel = backend.conversion();
      Parallel.rows(
          lanes(),
          1,
          (from, to) -> {
            for (int i = from; i < to; i++) {
              int at = row(i, 0) * dim();
              kernel.widenF16(length * dim(), halves, at, floats.data(), at);
            }
          });
      return floats;
    }

    @Override
    long byteSize() {
      return 2L * halves.length;
    }
  }

  /** Signed bytes with a float scale for each row, its largest magnitude becoming 127. */
  static final class Bytes extends KvPlane {
    private static final int LARGEST = 127;

    private final Wide wide;
    private byte[] codes = {};
    private float[] scales = {};

    Bytes(int lanes, int dim, Wide wide) {
      super(lanes, dim);
      this.wide = wide;
    }

    @Override
    void grow(int old, int length) {
      byte[] larger = new byte[lanes() * capacity() * dim()];
      float[] more = new float[lanes() * capacity()];
      for (int i = 0; i < lanes() && old > 0; i++) {
        System.arraycopy(codes, i * old * dim(), larger, row(i, 0) * dim(), length * dim());
        System.arraycopy(scales, i * old, more, row(i, 0), length);
      }
      codes = larger;
      scales = more;
    }

    @Override
    void put(int lane, int position, float[] x, int at, Backend backend) {
      float largest = 0;
      for (int d = at; d < at + dim(); d++) {
        largest = Math.max(largest, Math.abs(x[d]));
      }
      int row = row(lane, position);
      int to = row * dim();
      scales[row] = largest / LARGEST;
      if (scales[row] == 0) {
        // Not so a NaN or an infinity: as a scale it makes the row NaN, and the sampler stops.
        Arrays.fill(codes, to, to + dim(), (byte) 0);
        return;
      }
      for (int d = 0; d < dim(); d++) {
        int code = Math.round(x[at + d] / scales[row]);
        codes[to + d] = (byte) Math.clamp(code, -LARGEST, LARGEST);
      }
    }

    @Override
    Tensor floats(int length, Backend backend) {
      Tensor floats = wide.atLeast(lanes(), capacity(), dim());
      Parallel.rows(
          lanes(),
          1,
          (from, to) -> {
            for (int i = from; i < to; i++) {
              for (int p = 0; p < length; p++) {
                widen(dim(), codes, row(i, p) * dim(), scales[row(i, p)], floats.data());
              }
            }
          });
      return floats;
    }

    private static void widen(int n, byte[] codes, int at, float scale, float[] y) {
      for (int i = at; i < at + n; i++) {
        y[i] = codes[i] * scale;
      }
    }

    @Override
    long byteSize() {
      return codes.length + 4L * scales.length;
    }
  }
}
