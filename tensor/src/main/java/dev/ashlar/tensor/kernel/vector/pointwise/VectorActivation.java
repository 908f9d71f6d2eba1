package dev.ashlar.tensor.kernel.vector.pointwise;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;

import dev.ashlar.tensor.kernel.ActivationKernel;
import jdk.incubator.vector.FloatVector;

/**
 * Activations in pieces that stay in the first-level cache: values and slopes of a piece first,
 * then the products with them. A last incomplete vector goes through a padded copy, so an element's
 * bits do not depend on its place.
 */
public final class VectorActivation implements ActivationKernel {
  private static final int PIECE = 1024;

  /** One thread's values and slopes of a piece, and a padded tail. */
  private static final class Scratch {
    final float[] value = new float[PIECE + L];
    final float[] slope = new float[PIECE + L];
    final float[] tail = new float[L];
    final float[] tailValue = new float[L];
    final float[] tailSlope = new float[L];
  }

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  @Override
  public void forward(Function f, int off, int n, float[] x, float[] y) {
    Scratch own = SCRATCH.get();
    for (int i = off; i < off + n; i += PIECE) {
      int count = Math.min(PIECE, off + n - i);
      int whole = count - count % L;
      ActivationLoops.value(f, whole, x, i, y, i);
      if (whole < count) {
        System.arraycopy(x, i + whole, own.tail, 0, count - whole);
        ActivationLoops.value(f, L, own.tail, 0, own.tail, 0);
        System.arraycopy(own.tail, 0, y, i + whole, count - whole);
      }
    }
  }

  @Override
  public void backward(
      Function f, int off, int n, float[] x, float[] dy, float[] dx, boolean accumulate) {
    Scratch own = SCRATCH.get();
    for (int i = off; i < off + n; i += PIECE) {
      int count = Math.min(PIECE, off + n - i);
      slopes(f, count, x, i, own);
      multiply(count, own.slope, dy, i, dx, accumulate);
    }
  }

  @Override
  public void gated(Function f, int off, int n, float[] gate, float[] up, float[] y) {
    Scratch own = SCRATCH.get();
    for (int i = off; i < off + n; i += PIECE) {
      int count = Math.min(PIECE, off + n - i);
      int whole = count - count % L;
      ActivationLoops.value(f, whole, gate, i, own.value, 0);
      if (whole < count) {
        System.arraycopy(gate, i + whole, own.tail, 0, count - whole);
        ActivationLoops.value(f, L, own.tail, 0, own.value, whole);
      }
      multiply(count, own.value, up, i, y, false);
    }
  }

  @Override
  public void gatedBackward(
      Function f,
      int off,
      int n,
      float[] gate,
      float[] up,
      float[] dy,
      float[] dGate,
      boolean accumulateGate,
      float[] dUp,
      boolean accumulateUp) {
    Scratch own = SCRATCH.get();
    for (int i = off; i < off + n; i += PIECE) {
      int count = Math.min(PIECE, off + n - i);
      slopes(f, count, gate, i, own);
      if (dGate != null) {
        multiply(count, own.slope, up, i, own.slope);
        multiply(count, own.slope, dy, i, dGate, accumulateGate);
      }
      if (dUp != null) {
        multiply(count, own.value, dy, i, dUp, accumulateUp);
      }
    }
  }

  /** Values and slopes of a piece into the scratch. */
  private static void slopes(Function f, int n, float[] x, int off, Scratch own) {
    int whole = n - n % L;
    ActivationLoops.slope(f, whole, x, off, own.value, own.slope);
    if (whole < n) {
      System.arraycopy(x, off + whole, own.tail, 0, n - whole);
      ActivationLoops.slope(f, L, own.tail, 0, own.tailValue, own.tailSlope);
      System.arraycopy(own.tailValue, 0, own.value, whole, n - whole);
      System.arraycopy(own.tailSlope, 0, own.slope, whole, n - whole);
    }
  }

  /** {@code y[off..] (+)= a[0..] · b[off..]}. */
  private static void multiply(
      int n, float[] a, float[] b, int off, float[] y, boolean accumulate) {
    int i = 0;
    if (accumulate) {
      for (; i <= n - L; i += L) {
        FloatVector.fromArray(F, a, i)
            .mul(FloatVector.fromArray(F, b, off + i))
            .add(FloatVector.fromArray(F, y, off + i))
            .intoArray(y, off + i);
      }
    } else {
      for (; i <= n - L; i += L) {
        FloatVector.fromArray(F, a, i)
            .mul(FloatVector.fromArray(F, b, off + i))
            .intoArray(y, off + i);
      }
    }
    for (; i < n; i++) {
      float product = a[i] * b[off + i];
      y[off + i] = accumulate ? y[off + i] + product : product;
    }
  }

  /** {@code y[0..] = a[0..] · b[off..]}. */
  private static void multiply(int n, float[] a, float[] b, int off, float[] y) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector.fromArray(F, a, i).mul(FloatVector.fromArray(F, b, off + i)).intoArray(y, i);
    }
    for (; i < n; i++) {
      y[i] = a[i] * b[off + i];
    }
  }
}
