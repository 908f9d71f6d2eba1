package dev.ashlar.tensor.kernel.vector.pointwise;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;

import dev.ashlar.tensor.kernel.ElementwiseKernel;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import dev.ashlar.tensor.kernel.vector.lanes.VectorMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Loops over whole vectors, then the rest one by one. Scalar loops would not do: the arrays may be
 * the same, so the compiler does not vectorize them.
 */
public final class VectorElementwise implements ElementwiseKernel {
  @Override
  public void copy(int n, float[] x, int xOff, float[] y, int yOff, boolean accumulate) {
    if (accumulate) {
      add(n, y, yOff, x, xOff, y, yOff);
    } else {
      System.arraycopy(x, xOff, y, yOff, n);
    }
  }

  @Override
  public void add(int n, float[] a, int aOff, float[] b, int bOff, float[] y, int yOff) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector.fromArray(F, a, aOff + i)
          .add(FloatVector.fromArray(F, b, bOff + i))
          .intoArray(y, yOff + i);
    }
    for (; i < n; i++) {
      y[yOff + i] = a[aOff + i] + b[bOff + i];
    }
  }

  @Override
  public void multiply(
      int n, float[] a, int aOff, float[] b, int bOff, float[] y, int yOff, boolean accumulate) {
    int i = 0;
    if (accumulate) {
      for (; i <= n - L; i += L) {
        FloatVector.fromArray(F, a, aOff + i)
            .mul(FloatVector.fromArray(F, b, bOff + i))
            .add(FloatVector.fromArray(F, y, yOff + i))
            .intoArray(y, yOff + i);
      }
    } else {
      for (; i <= n - L; i += L) {
        FloatVector.fromArray(F, a, aOff + i)
            .mul(FloatVector.fromArray(F, b, bOff + i))
            .intoArray(y, yOff + i);
      }
    }
    for (; i < n; i++) {
      float product = a[aOff + i] * b[bOff + i];
      y[yOff + i] = accumulate ? y[yOff + i] + product : product;
    }
  }

  @Override
  public void scale(int n, float s, float[] x, int xOff, float[] y, int yOff, boolean accumulate) {
    int i = 0;
    if (accumulate) {
      for (; i <= n - L; i += L) {
        FloatVector.fromArray(F, x, xOff + i)
            .mul(s)
            .add(FloatVector.fromArray(F, y, yOff + i))
            .intoArray(y, yOff + i);
      }
    } else {
      for (; i <= n - L; i += L) {
        FloatVector.fromArray(F, x, xOff + i).mul(s).intoArray(y, yOff + i);
      }
    }
    for (; i < n; i++) {
      float product = s * x[xOff + i];
      y[yOff + i] = accumulate ? y[yOff + i] + product : product;
    }
  }

  @Override
  public void exp(int n, float[] x, int xOff, float[] y, int yOff) {
    int whole = n - n % L;
    for (int i = 0; i < whole; i += L) {
      VectorMath.exp(FloatVector.fromArray(F, x, xOff + i)).intoArray(y, yOff + i);
    }
    if (whole < n) {
      VectorMask<Float> rest = Lanes.first(n - whole);
      VectorMath.exp(FloatVector.fromArray(F, x, xOff + whole, rest))
          .intoArray(y, yOff + whole, rest);
    }
  }

  @Override
  public boolean allFinite(int n, float[] x, int xOff) {
    // 0·x is 0 for finite x and NaN otherwise.
    FloatVector zeros = FloatVector.zero(F);
    int i = 0;
    for (; i <= n - L; i += L) {
      zeros = FloatVector.fromArray(F, x, xOff + i).mul(0f).add(zeros);
    }
    float sum = Lanes.sum(zeros);
    for (; i < n; i++) {
      sum += 0 * x[xOff + i];
    }
    return sum == 0;
  }
}
