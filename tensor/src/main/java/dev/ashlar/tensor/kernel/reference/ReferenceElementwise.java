package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.ElementwiseKernel;

/** Plain loops; there is nothing to sum. */
final class ReferenceElementwise implements ElementwiseKernel {
  @Override
  public void copy(int n, float[] x, int xOff, float[] y, int yOff, boolean accumulate) {
    for (int i = 0; i < n; i++) {
      y[yOff + i] = accumulate ? y[yOff + i] + x[xOff + i] : x[xOff + i];
    }
  }

  @Override
  public void add(int n, float[] a, int aOff, float[] b, int bOff, float[] y, int yOff) {
    for (int i = 0; i < n; i++) {
      y[yOff + i] = a[aOff + i] + b[bOff + i];
    }
  }

  @Override
  public void multiply(
      int n, float[] a, int aOff, float[] b, int bOff, float[] y, int yOff, boolean accumulate) {
    for (int i = 0; i < n; i++) {
      float product = a[aOff + i] * b[bOff + i];
      y[yOff + i] = accumulate ? y[yOff + i] + product : product;
    }
  }

  @Override
  public void scale(int n, float s, float[] x, int xOff, float[] y, int yOff, boolean accumulate) {
    for (int i = 0; i < n; i++) {
      float product = s * x[xOff + i];
      y[yOff + i] = accumulate ? y[yOff + i] + product : product;
    }
  }

  @Override
  public void exp(int n, float[] x, int xOff, float[] y, int yOff) {
    for (int i = 0; i < n; i++) {
      y[yOff + i] = (float) Math.exp(x[xOff + i]);
    }
  }

  @Override
  public boolean allFinite(int n, float[] x, int xOff) {
    for (int i = 0; i < n; i++) {
      if (!Float.isFinite(x[xOff + i])) {
        return false;
      }
    }
    return true;
  }
}
