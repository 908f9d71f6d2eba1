package dev.ashlar.tensor.kernel.vector.pointwise;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.D;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.DOUBLE_WAYS;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.WAYS;

import dev.ashlar.tensor.kernel.LossKernel;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import dev.ashlar.tensor.kernel.vector.lanes.VectorMath;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Losses; what is summed over a whole vocabulary is summed in pieces, and those in double. */
public final class VectorLoss implements LossKernel {
  /** Floats whose sum stays in float: 128 additions per lane at 512 bits. */
  private static final int PIECE = 2048;

  /** Called for every row of a tuning step, which allocates nothing else. */
  private static final ThreadLocal<double[]> LANES =
      ThreadLocal.withInitial(() -> new double[DOUBLE_WAYS]);

  @Override
  public void crossEntropy(
      int from, int to, int vocab, float[] logits, int[] targets, double[] losses, float[] lse) {
    float[] lanes = new float[WAYS];
    for (int r = from; r < to; r++) {
      int off = r * vocab;
      float max = VectorSoftmax.max(vocab, logits, off, lanes);
      double sum = 0;
      for (int i = 0; i < vocab; i += PIECE) {
        sum += sumExp(Math.min(PIECE, vocab - i), logits, off + i, max, lanes);
      }
      double logSum = max + Math.log(sum);
      lse[r] = (float) logSum;
      losses[r] = targets[r] < 0 ? 0 : logSum - logits[off + targets[r]];
    }
  }

  private static float sumExp(int n, float[] x, int off, float max, float[] lanes) {
    int whole = n - n % L;
    exponentials(whole, x, off, max, lanes);
    if (whole < n) {
      rest(n - whole, x, off + whole, max, lanes);
    }
    return Lanes.sum(lanes);
  }

  private static void exponentials(int n, float[] x, int off, float max, float[] lanes) {
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    for (int i = 0; i < n; i += L) {
      FloatVector e = VectorMath.exp(FloatVector.fromArray(F, x, off + i).sub(max));
      FloatVector t = e.add(s0);
      if (L >= 16) {
        s0 = t;
      } else if (L >= 8) {
        s0 = s1;
        s1 = t;
      } else {
        s0 = s1;
        s1 = s2;
        s2 = s3;
        s3 = t;
      }
    }
    Lanes.store(s0, s1, lanes, 0);
    if (L < 8) {
      Lanes.store(s2, s3, lanes, 2 * L);
    }
  }

  /** The last {@code n} floats, less than a vector. */
  private static void rest(int n, float[] x, int off, float max, float[] lanes) {
    VectorMask<Float> rest = Lanes.first(n);
    FloatVector e = VectorMath.exp(FloatVector.fromArray(F, x, off, rest).sub(max));
    FloatVector.fromArray(F, lanes, 0).add(e, rest).intoArray(lanes, 0);
  }

  @Override
  public void crossEntropyBackward(
      int from,
      int to,
      int vocab,
      float[] logits,
      int[] targets,
      float[] lse,
      float scale,
      float[] dLogits,
      boolean accumulate) {
    for (int r = from; r < to; r++) {
      int off = r * vocab;
      if (targets[r] < 0) {
        if (!accumulate) {
          Arrays.fill(dLogits, off, off + vocab, 0f);
        }
        continue;
      }
      int at = off + targets[r];
      float before = accumulate ? dLogits[at] : 0f;
      float logit = logits[at];
      softmax(vocab, logits, off, lse[r], scale, dLogits, accumulate);
      // Softmax minus one in double: near a sure prediction the difference cancels.
      dLogits[at] = (float) (before + scale * (Math.exp((double) logit - lse[r]) - 1));
    }
  }

  /** {@code d (+)= scale · exp(x − lse)}. */
  private static void softmax(
      int n, float[] x, int off, float lse, float scale, float[] d, boolean accumulate) {
    int whole = n - n % L;
    if (accumulate) {
      added(whole, x, off, lse, scale, d);
    } else {
      written(whole, x, off, lse, scale, d);
    }
    if (whole < n) {
      rest(n - whole, x, off + whole, lse, scale, d, accumulate);
    }
  }

  private static void written(int n, float[] x, int off, float lse, float scale, float[] d) {
    for (int i = off; i < off + n; i += L) {
      VectorMath.exp(FloatVector.fromArray(F, x, i).sub(lse)).mul(scale).intoArray(d, i);
    }
  }

  private static void added(int n, float[] x, int off, float lse, float scale, float[] d) {
    for (int i = off; i < off + n; i += L) {
      VectorMath.exp(FloatVector.fromArray(F, x, i).sub(lse))
          .mul(scale)
          .add(FloatVector.fromArray(F, d, i))
          .intoArray(d, i);
    }
  }

  private static void rest(
      int n, float[] x, int off, float lse, float scale, float[] d, boolean accumulate) {
    VectorMask<Float> rest = Lanes.first(n);
    FloatVector e = VectorMath.exp(FloatVector.fromArray(F, x, off, rest).sub(lse)).mul(scale);
    if (accumulate) {
      e.add(FloatVector.fromArray(F, d, off, rest)).intoArray(d, off, rest);
    } else {
      e.intoArray(d, off, rest);
    }
  }

  @Override
  public double squaredError(int off, int n, float[] p, float[] y) {
    DoubleVector s0 = DoubleVector.zero(D);
    DoubleVector s1 = s0;
    DoubleVector s2 = s0;
    DoubleVector s3 = s0;
    int end = off + n;
    int whole = end - n % WAYS;
    int i = off;
    for (; i < whole; i += DOUBLE_WAYS) {
      DoubleVector e = Lanes.difference(p, y, i);
      s0 = e.fma(e, s0);
      if (L < 16) {
        e = Lanes.difference(p, y, i + L / 2);
        s1 = e.fma(e, s1);
      }
      if (L < 8) {
        e = Lanes.difference(p, y, i + L);
        s2 = e.fma(e, s2);
        e = Lanes.difference(p, y, i + 3 * L / 2);
        s3 = e.fma(e, s3);
      }
    }
    double[] lanes = LANES.get();
    Lanes.store(s0, s1, lanes, 0);
    if (L < 8) {
      Lanes.store(s2, s3, lanes, L);
    }
    double sum = Lanes.sum(lanes);
    for (; i < end; i++) {
      double e = p[i] - y[i];
      sum = Math.fma(e, e, sum);
    }
    return sum;
  }

  @Override
  public void squaredErrorBackward(
      int off, int n, float[] p, float[] y, float scale, float[] dp, boolean accumulate) {
    float twice = 2 * scale;
    int end = off + n;
    int i = off;
    if (accumulate) {
      for (; i <= end - L; i += L) {
        FloatVector.fromArray(F, p, i)
            .sub(FloatVector.fromArray(F, y, i))
            .mul(twice)
            .add(FloatVector.fromArray(F, dp, i))
            .intoArray(dp, i);
      }
    } else {
      for (; i <= end - L; i += L) {
        FloatVector.fromArray(F, p, i)
            .sub(FloatVector.fromArray(F, y, i))
            .mul(twice)
            .intoArray(dp, i);
      }
    }
    for (; i < end; i++) {
      float d = twice * (p[i] - y[i]);
      dp[i] = accumulate ? dp[i] + d : d;
    }
  }
}
