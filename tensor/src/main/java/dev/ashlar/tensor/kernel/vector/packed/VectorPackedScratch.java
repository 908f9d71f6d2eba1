package dev.ashlar.tensor.kernel.vector.packed;

import dev.ashlar.tensor.kernel.vector.dense.RegisterTile;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Arrays that a product needs while it runs. Whoever computes borrows one and gives it back, so the
 * steady state allocates nothing, whatever threads, platform or virtual, come by.
 */
final class VectorPackedScratch {
  /** Lends scratches out without locks. */
  static final class Pool {
    /** More than run at a time on any machine; a scratch that finds no place is left to the GC. */
    private static final int PLACES = 64;

    private final AtomicReferenceArray<VectorPackedScratch> places =
        new AtomicReferenceArray<>(PLACES);

    VectorPackedScratch borrow() {
      for (int i = 0; i < PLACES; i++) {
        if (places.getPlain(i) != null) {
          VectorPackedScratch s = places.getAndSet(i, null);
          if (s != null) {
            return s;
          }
        }
      }
      return new VectorPackedScratch();
    }

    void giveBack(VectorPackedScratch s) {
      for (int i = 0; i < PLACES; i++) {
        if (places.getPlain(i) == null && places.compareAndSet(i, null, s)) {
          return;
        }
      }
    }
  }

  private final float[] affine = new float[2 * VectorPackedCodes.ROWS];
  private final float[] total = new float[VectorPackedMatrix.DIRECT * VectorPackedCodes.ROWS];
  private final float[] sums = new float[VectorPackedMatrix.DIRECT * VectorPackedCodes.STRIDE];
  private final float[] spare = new float[RegisterTile.SPARE];
  private final float[] panel = new float[VectorPackedPanels.DEPTH * Lanes.PANEL];
  private float[] columns = {};
  private float[] strips = {};

  private final VectorPackedDirect direct = new VectorPackedDirect();

  private VectorPackedScratch() {}

  /** The product that the borrower runs. */
  VectorPackedDirect direct() {
    return direct;
  }

  /** Scales and minimums of one group of a block, {@code [2, ROWS]}. */
  float[] affine() {
    return affine;
  }

  /** The block's result, {@code [DIRECT, ROWS]}. */
  float[] total() {
    return total;
  }

  /** Sums of the groups of a span, {@code [DIRECT, SPAN, ROWS]}. */
  float[] sums() {
    return sums;
  }

  /** For a tile that reaches over the edge of the result. */
  float[] spare() {
    return spare;
  }

  /** Float weights, {@code [DEPTH, PANEL]}. */
  float[] panel() {
    return panel;
  }

  /** At least {@code n} floats for activations in the matrix's own order of columns. */
  float[] columns(int n) {
    if (columns.length < n) {
      columns = new float[n];
    }
    return columns;
  }

  /** At least {@code n} floats for activations packed in strips. */
  float[] strips(int n) {
    if (strips.length < n) {
      strips = new float[n];
    }
    return strips;
  }
}
