package dev.ashlar.tensor.kernel.vector.packed;

import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.MatMulKernel;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.kernel.reference.ReferenceBackend;
import dev.ashlar.tensor.kernel.vector.dense.VectorMatMul;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Optional;

/**
 * Products with packed weights. A few rows of activations (decoding) multiply straight from the
 * codes, as floats or, if they are to be rounded and the codes have 2, 4 or 8 bits, as integers;
 * more of them (a prompt) share panels of float weights that are expanded and used up in the near
 * caches.
 *
 * <p>Lanes are rows of the weight, so nothing is ever summed across lanes: the order of every sum
 * is fixed by the shape alone, whatever the thread count, the vector width or the compiler's state.
 */
public final class VectorPacked implements PackedKernel {
  /** Rows of activations up to which panels of floats do not pay. */
  private static final int DIRECT_ROWS = 12;

  /** Multiplications worth handing to a thread: some microseconds. */
  private static final long GRAIN = 1 << 16;

  private final MatMulKernel dense = new VectorMatMul();
  private final VectorPackedScratch.Pool pool = new VectorPackedScratch.Pool();

  /** Codes of a table have no kernel of their own yet: the reference multiplies them. */
  private record Plain(PackedMatrix matrix) implements PackedMatrix {
    @Override
    public int out() {
      return matrix.out();
    }

    @Override
    public int in() {
      return matrix.in();
    }

    @Override
    public long byteSize() {
      return matrix.byteSize();
    }
  }

  @Override
  public PackedMatrix pack(QuantizedMatrix w) {
    if (w.groups() instanceof Groups.Scales) {
      Optional<QuantizedMatrix> integers = w.withIntegerCodes();
      return integers.isPresent() ? pack(integers.get()) : VectorSmallFloats.of(w);
    }
    if (w.codes() instanceof Codes.Table) {
      return new Plain(ReferenceBackend.INSTANCE.packed().pack(w));
    }
    int size = w.groups().size(w.in());
    VectorPackedCodes codes = VectorPackedCodes.of(w.codes().bits(), size);
    VectorPackedColumns columns =
        VectorPackedColumns.of(w.in(), w.groupsPerRow(), size, w.groupOfColumn(), codes.columns());
    return new VectorPackedMatrix(w, codes, columns, VectorPackedGroups.of(w));
  }

  @Override
  public void multiply(
      int m,
      float[] x,
      int xOff,
      PackedMatrix w,
      ActivationPrecision activations,
      float[] y,
      int yOff) {
    if (w instanceof VectorSmallFloats floats) {
      floats.multiply(dense, m, x, xOff, y, yOff);
      return;
    }
    if (w instanceof Plain plain) {
      ReferenceBackend.INSTANCE.packed().multiply(m, x, xOff, plain.matrix(), activations, y, yOff);
      return;
    }
    if (!(w instanceof VectorPackedMatrix matrix)) {
      throw new IllegalArgumentException("packed by another backend: " + w);
    }
    require("x", m, matrix.in(), x.length - xOff);
    require("y", m, matrix.out(), y.length - yOff);
    VectorPackedScratch scratch = pool.borrow();
    try {
      if (m <= DIRECT_ROWS) {
        scratch.direct().multiply(pool, m, x, xOff, matrix, activations, y, yOff);
      } else {
        new VectorPackedPanels(matrix, activations, pool).multiply(m, x, xOff, y, yOff, scratch);
      }
      if (matrix.outliers() != null) {
        matrix.outliers().add(m, x, xOff, y, yOff, scratch);
      }
    } finally {
      pool.giveBack(scratch);
    }
  }

  private static void require(String what, int m, int n, int length) {
    if ((long) m * n > length) {
      throw new IllegalArgumentException(
          what + ": needs [" + m + ", " + n + "], has " + length + " elements");
    }
  }

  /** Smallest range of things of {@code work} multiplications that pays for a thread. */
  static int grain(long work) {
    return Math.clamp(GRAIN / Math.max(1, work), 1, Integer.MAX_VALUE);
  }
}
