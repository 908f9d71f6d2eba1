package dev.ashlar.tensor.kernel.vector.pointwise;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;

import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.kernel.vector.lanes.VectorMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * One flat loop per activation over {@code n} floats, a multiple of the lanes: its value, or its
 * value and slope together. For the value alone {@code x} and {@code y} may be the same array.
 */
final class ActivationLoops {
  /** {@code 2·sqrt(2/π)}: GELU's tanh form is {@code x·sigmoid(2u)}. */
  private static final float TANH_SCALE = 1.5957691216f;

  private static final float TANH_CUBE = 0.044715f;

  /** Squares beyond this are as good as infinite, and keep infinities out of the products. */
  private static final float LARGE = 1e8f;

  private static final float QUICK = 1.702f;

  // logit(Φ(x)) = x·R(x²), a minimax fit of x·Φ(x) on |x| ≤ 5.5 with error 7e-8; flat beyond.
  private static final float FLAT = 30.25f;
  private static final float R0 = 1.5957689064e+00f;
  private static final float R1 = 7.2667767525e-02f;
  private static final float R2 = -6.5826651352e-05f;
  private static final float R3 = -1.1058276404e-04f;
  private static final float R4 = 7.9497726011e-06f;
  private static final float R5 = -2.6749686072e-07f;
  private static final float R6 = 3.6228754920e-09f;

  private ActivationLoops() {}

  /** {@code y = f(x)}. */
  static void value(Function f, int n, float[] x, int xOff, float[] y, int yOff) {
    switch (f) {
      case SILU -> scaledSigmoid(1f, n, x, xOff, y, yOff);
      case QUICK_GELU -> scaledSigmoid(QUICK, n, x, xOff, y, yOff);
      case GELU -> gelu(n, x, xOff, y, yOff);
      case GELU_TANH -> geluTanh(n, x, xOff, y, yOff);
      case RELU -> relu(n, x, xOff, y, yOff);
      case RELU_SQUARED -> reluSquared(n, x, xOff, y, yOff);
      case SIGMOID -> sigmoid(n, x, xOff, y, yOff);
      case TANH -> tanh(n, x, xOff, y, yOff);
    }
  }

  /** {@code y = f(x)} and {@code d = f'(x)}, both from their arrays' start. */
  static void slope(Function f, int n, float[] x, int xOff, float[] y, float[] d) {
    switch (f) {
      case SILU -> scaledSigmoidSlope(1f, n, x, xOff, y, d);
      case QUICK_GELU -> scaledSigmoidSlope(QUICK, n, x, xOff, y, d);
      case GELU -> geluSlope(n, x, xOff, y, d);
      case GELU_TANH -> geluTanhSlope(n, x, xOff, y, d);
      case RELU -> reluSlope(n, x, xOff, y, d);
      case RELU_SQUARED -> reluSquaredSlope(n, x, xOff, y, d);
      case SIGMOID -> sigmoidSlope(n, x, xOff, y, d);
      case TANH -> tanhSlope(n, x, xOff, y, d);
    }
  }

  /** {@code x · sigmoid(a·x)}. */
  private static void scaledSigmoid(float a, int n, float[] x, int xOff, float[] y, int yOff) {
    for (int i = 0; i < n; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, xOff + i);
      v.mul(VectorMath.sigmoid(v.mul(a))).intoArray(y, yOff + i);
    }
  }

  /** {@code s + a·x·s·(1 − s)}. */
  private static void scaledSigmoidSlope(
      float a, int n, float[] x, int xOff, float[] y, float[] d) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < n; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, xOff + i);
      FloatVector s = VectorMath.sigmoid(v.mul(a));
      FloatVector f = v.mul(s);
      f.intoArray(y, i);
      f.mul(a).fma(one.sub(s), s).intoArray(d, i);
    }
  }

  /** {@code x·Φ(x)} as {@code x·sigmoid(x·R(x²))}; within 1e-7 plus 3e-7 of its value. */
  private static void gelu(int n, float[] x, int xOff, float[] y, int yOff) {
    for (int i = 0; i < n; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, xOff + i);
      FloatVector z = v.mul(v).min(FLAT);
      FloatVector r = z.mul(R6).add(R5);
      r = r.mul(z).add(R4);
      r = r.mul(z).add(R3);
      r = r.mul(z).add(R2);
      r = r.mul(z).add(R1);
      r = r.mul(z).add(R0);
      v.mul(VectorMath.sigmoid(r.mul(v))).intoArray(y, yOff + i);
    }
  }

  /** The same and {@code s + x·s·(1 − s)·(x·R(x²))'}, within 6e-7. */
  private static void geluSlope(int n, float[] x, int xOff, float[] y, float[] d) {
    gelu(n, x, xOff, y, 0);
    for (int i = 0; i < n; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, xOff + i);
      FloatVector z = v.mul(v).min(FLAT);
      FloatVector r = z.mul(13 * R6).add(11 * R5);
      r = r.mul(z).add(9 * R4);
      r = r.mul(z).add(7 * R3);
      r = r.mul(z).add(5 * R2);
      r = r.mul(z).add(3 * R1);
      r.mul(z).add(R0).intoArray(d, i);
    }
    for (int i = 0; i < n; i += L) {
      FloatVector f = FloatVector.fromArray(F, y, i);
      FloatVector v = FloatVector.fromArray(F, x, xOff + i);
      // Where x is 0 so is the quotient's numerator; its value there is sigmoid(0).
      FloatVector s = f.div(v).blend(0.5f, v.eq(0f));
      FloatVector slope = FloatVector.fromArray(F, d, i);
      s.neg().add(1f).mul(f).mul(slope).add(s).intoArray(d, i);
    }
  }

  private static void geluTanh(int n, float[] x, int xOff, float[] y, int yOff) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector cube = FloatVector.broadcast(F, TANH_CUBE);
    for (int i = 0; i < n; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, xOff + i);
      FloatVector square = v.mul(v).min(LARGE);
      FloatVector u = square.fma(cube, one).mul(v).mul(TANH_SCALE);
      v.mul(VectorMath.sigmoid(u)).intoArray(y, yOff + i);
    }
  }

  private static void geluTanhSlope(int n, float[] x, int xOff, float[] y, float[] d) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector cube = FloatVector.broadcast(F, TANH_CUBE);
    for (int i = 0; i < n; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, xOff + i);
      FloatVector square = v.mul(v).min(LARGE);
      FloatVector s = VectorMath.sigmoid(square.fma(cube, one).mul(v).mul(TANH_SCALE));
      FloatVector inner = square.mul(3 * TANH_CUBE).add(1f).mul(TANH_SCALE);
      FloatVector f = v.mul(s);
      f.intoArray(y, i);
      f.mul(one.sub(s)).fma(inner, s).intoArray(d, i);
    }
  }

  private static void relu(int n, float[] x, int xOff, float[] y, int yOff) {
    for (int i = 0; i < n; i += L) {
      FloatVector.fromArray(F, x, xOff + i).max(0f).intoArray(y, yOff + i);
    }
  }

  private static void reluSlope(int n, float[] x, int xOff, float[] y, float[] d) {
    for (int i = 0; i < n; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, xOff + i);
      v.max(0f).intoArray(y, i);
      FloatVector.zero(F).blend(1f, v.compare(VectorOperators.GT, 0f)).intoArray(d, i);
    }
  }

  private static void reluSquared(int n, float[] x, int xOff, float[] y, int yOff) {
    for (int i = 0; i < n; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, xOff + i).max(0f);
      v.mul(v).intoArray(y, yOff + i);
    }
  }

  private static void reluSquaredSlope(int n, float[] x, int xOff, float[] y, float[] d) {
    for (int i = 0; i < n; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, xOff + i).max(0f);
      v.mul(v).intoArray(y, i);
      v.add(v).intoArray(d, i);
    }
  }

  private static void sigmoid(int n, float[] x, int xOff, float[] y, int yOff) {
    for (int i = 0; i < n; i += L) {
      VectorMath.sigmoid(FloatVector.fromArray(F, x, xOff + i)).intoArray(y, yOff + i);
    }
  }

  private static void sigmoidSlope(int n, float[] x, int xOff, float[] y, float[] d) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < n; i += L) {
      FloatVector s = VectorMath.sigmoid(FloatVector.fromArray(F, x, xOff + i));
      s.intoArray(y, i);
      s.mul(one.sub(s)).intoArray(d, i);
    }
  }

  private static void tanh(int n, float[] x, int xOff, float[] y, int yOff) {
    for (int i = 0; i < n; i += L) {
      VectorMath.tanh(FloatVector.fromArray(F, x, xOff + i)).intoArray(y, yOff + i);
    }
  }

  private static void tanhSlope(int n, float[] x, int xOff, float[] y, float[] d) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < n; i += L) {
      FloatVector t = VectorMath.tanh(FloatVector.fromArray(F, x, xOff + i));
      t.intoArray(y, i);
      one.sub(t.mul(t)).intoArray(d, i);
    }
  }
}
