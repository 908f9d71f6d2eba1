package dev.ashlar.tensor.kernel.vector.packed;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.kernel.MatMulKernel;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Arrays;
import java.util.Optional;

/**
 * Small floats whose values are no multiples of one step (FP8, MXFP8). They have no loop of their
 * own: what 16 bits hold exactly is multiplied as bfloat16, half of what floats take; the rest is
 * floats.
 */
abstract sealed class VectorSmallFloats implements PackedMatrix {
  private final int out;
  private final int in;

  private VectorSmallFloats(int out, int in) {
    this.out = out;
    this.in = in;
  }

  /** The smallest form that holds the weights. */
  static VectorSmallFloats of(QuantizedMatrix w) {
    return weights(w)
        .<VectorSmallFloats>map(Exact::new)
        .or(() -> values(w))
        .orElseGet(() -> new Floats(w));
  }

  @Override
  public int out() {
    return out;
  }

  @Override
  public int in() {
    return in;
  }

  /** {@code y[m, out] = x[m, in] · wᵀ}. */
  abstract void multiply(MatMulKernel dense, int m, float[] x, int xOff, float[] y, int yOff);

  /** The weights as bfloat16, as they are where scales are powers of two. */
  private static Optional<HalfMatrix> weights(QuantizedMatrix w) {
    if (w.outliers().isPresent()) {
      return Optional.empty();
    }
    short[] bits = new short[Math.multiplyExact(w.out(), w.in())];
    float[] row = new float[w.in()];
    for (int o = 0; o < w.out(); o++) {
      w.readRow(o, row, 0);
      if (!halves(row, bits, o * row.length)) {
        return Optional.empty();
      }
    }
    return Optional.of(new HalfMatrix(DType.BF16, w.out(), w.in(), bits));
  }

  private static boolean halves(float[] row, short[] bits, int at) {
    int lost = 0;
    for (int i = 0; i < row.length; i++) {
      int all = Float.floatToRawIntBits(row[i]);
      bits[at + i] = (short) (all >>> Short.SIZE);
      lost |= all & 0xFFFF;
    }
    return lost == 0;
  }

  /** The values before their scales, where rows or tiles of rows share these. */
  private static Optional<VectorSmallFloats> values(QuantizedMatrix w) {
    if (w.outliers().isPresent()
        || w.groupOfColumn() != null
        || !(w.groups() instanceof Groups.Scales s)) {
      return Optional.empty();
    }
    boolean rows = s.perRow(w.in()) == 1;
    int height = rows ? w.out() : s.grid().effectiveRows(w.out());
    if (!rows && height < Tiles.LEAST_ROWS) {
      return Optional.empty();
    }
    HalfMatrix[] parts = new HalfMatrix[Math.ceilDiv(w.out(), height)];
    for (int p = 0; p < parts.length; p++) {
      int first = p * height;
      int count = Math.min(height, w.out() - first);
      short[] bits = new short[Math.multiplyExact(count, w.in())];
      float[] row = new float[w.in()];
      for (int o = 0; o < count; o++) {
        meanings(w.codes(), (first + o) * w.in(), row);
        if (!halves(row, bits, o * w.in())) {
          return Optional.empty();
        }
      }
      parts[p] = new HalfMatrix(DType.BF16, count, w.in(), bits);
    }
    return Optional.of(rows ? new Rows(parts[0], s) : new Tiles(w, parts, s, height));
  }

  private static void meanings(Codes codes, int at, float[] row) {
    byte[] values = codes.values();
    for (int k = 0; k < row.length; k++) {
      row[k] = codes.meaning(values[at + k] & 0xFF);
    }
  }

  /** Weights that are bfloat16. */
  private static final class Exact extends VectorSmallFloats {
    private final HalfMatrix weights;

    Exact(HalfMatrix weights) {
      super(weights.out(), weights.in());
      this.weights = weights;
    }

    @Override
    void multiply(MatMulKernel dense, int m, float[] x, int xOff, float[] y, int yOff) {
      dense.xwt(m, x, xOff, weights, y, yOff);
    }

    @Override
    public long byteSize() {
      return weights.byteSize();
    }
  }

  /** A scale for each row, by which its products are multiplied. */
  private static final class Rows extends VectorSmallFloats {
    private final HalfMatrix values;
    private final float[] scales;

    Rows(HalfMatrix values, Groups.Scales scales) {
      super(values.out(), values.in());
      this.values = values;
      this.scales = scales.scales();
    }

    @Override
    void multiply(MatMulKernel dense, int m, float[] x, int xOff, float[] y, int yOff) {
      dense.xwt(m, x, xOff, values, y, yOff);
      for (int r = 0; r < m; r++) {
        int at = yOff + r * out();
        for (int o = 0; o < scales.length; o++) {
          y[at + o] *= scales[o];
        }
      }
    }

    @Override
    public long byteSize() {
      return values.byteSize() + 4L * scales.length;
    }
  }

  /** A scale for each tile: rows of a tile multiply inputs that were multiplied by it. */
  private static final class Tiles extends VectorSmallFloats {
    /** Rows of a tile below which its inputs cost more than its products. */
    static final int LEAST_ROWS = 16;

    private final HalfMatrix[] parts;
    private final int height;
    private final int size;

    /** Of each row of tiles, {@code [parts, groups]}. */
    private final float[][] scales;

    Tiles(QuantizedMatrix w, HalfMatrix[] parts, Groups.Scales scales, int height) {
      super(w.out(), w.in());
      this.parts = parts;
      this.height = height;
      this.size = scales.size(w.in());
      int perRow = scales.perRow(w.in());
      this.scales = new float[parts.length][];
      for (int p = 0; p < parts.length; p++) {
        int first = p * height * perRow;
        this.scales[p] = Arrays.copyOfRange(scales.scales(), first, first + perRow);
      }
    }

    @Override
    void multiply(MatMulKernel dense, int m, float[] x, int xOff, float[] y, int yOff) {
      int in = in();
      float[] scaled = new float[Math.multiplyExact(m, in)];
      float[] products = m == 1 ? null : new float[Math.multiplyExact(m, height)];
      for (int p = 0; p < parts.length; p++) {
        int first = p * height;
        int count = parts[p].out();
        for (int r = 0; r < m; r++) {
          for (int g = 0; g < scales[p].length; g++) {
            float scale = scales[p][g];
            int end = r * in + Math.min(in, (g + 1) * size);
            for (int k = r * in + g * size; k < end; k++) {
              scaled[k] = x[xOff + k] * scale;
            }
          }
        }
        if (m == 1) {
          dense.xwt(1, scaled, 0, parts[p], y, yOff + first);
          continue;
        }
        dense.xwt(m, scaled, 0, parts[p], products, 0);
        for (int r = 0; r < m; r++) {
          System.arraycopy(products, r * count, y, yOff + r * out() + first, count);
        }
      }
    }

    @Override
    public long byteSize() {
      long bytes = 0;
      for (int p = 0; p < parts.length; p++) {
        bytes += parts[p].byteSize() + 4L * scales[p].length;
      }
      return bytes;
    }
  }

  /** Floats, multiplied as such. */
  private static final class Floats extends VectorSmallFloats {
    private final float[] weights;

    Floats(QuantizedMatrix w) {
      super(w.out(), w.in());
      this.weights = w.dequantize().data();
    }

    @Override
    void multiply(MatMulKernel dense, int m, float[] x, int xOff, float[] y, int yOff) {
      dense.xwt(m, out(), in(), x, xOff, in(), weights, 0, in(), y, yOff, out(), false);
    }

    @Override
    public long byteSize() {
      return 4L * weights.length;
    }
  }
}
