package dev.ashlar.tensor.kernel.vector.pointwise;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.D;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.DOUBLE_WAYS;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.WAYS;

import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.kernel.RangeGrid;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import dev.ashlar.tensor.quant.IntegerGrid;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The fake quantizers, a group at a time, each in one pass. Codes have the reference's bits: {@code
 * w/s} is a true division, and adding 1.5·2^23 rounds half to even. Beyond 2^22 that rounding is
 * coarse, but such values are clamped to the codes' range anyway. Gradient sums are in double.
 */
public final class VectorFakeQuant implements FakeQuantKernel {
  private static final float ROUND = 12582912f;
  private static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());

  /** Bytes, as many as there are lanes, or null where there is no vector so short. */
  private static final VectorSpecies<Byte> BYTES =
      L == 16 ? ByteVector.SPECIES_128 : L == 8 ? ByteVector.SPECIES_64 : null;

  private static final int CODE = 0;
  private static final int WEIGHT = 1;
  private static final int SATURATED = 2;
  private static final int PARTS = 3;

  /** One thread's sums over a group. */
  private static final class Sums {
    double code;
    double weight;
    double saturated;
    final double[] lanes = new double[DOUBLE_WAYS];

    final double[] totals = new double[PARTS];

    /** What a gradient is multiplied with in each sum, for each weight of one group. */
    final float[][] parts = new float[PARTS][0];

    void room(int n) {
      for (int part = 0; part < PARTS; part++) {
        if (parts[part].length < n) {
          parts[part] = new float[n];
        }
      }
    }
  }

  private static final ThreadLocal<Sums> SUMS = ThreadLocal.withInitial(Sums::new);

  @Override
  public void range(
      IntegerGrid scheme, int from, int to, int in, float[] weight, float[] wMin, float[] wMax) {
    int groups = scheme.groups(in);
    int size = scheme.effectiveGroup(in);
    float[] lanes = new float[L];
    for (int at = from * groups; at < to * groups; at++) {
      int start = at / groups * in + at % groups * size;
      int end = start + Math.min(size, in - at % groups * size);
      FloatVector low = FloatVector.zero(F);
      FloatVector high = FloatVector.zero(F);
      int i = start;
      for (; i <= end - L; i += L) {
        FloatVector w = FloatVector.fromArray(F, weight, i);
        low = w.min(low);
        high = w.max(high);
      }
      high.intoArray(lanes, 0);
      float max = Lanes.max(lanes);
      low.neg().intoArray(lanes, 0);
      float min = -Lanes.max(lanes);
      for (; i < end; i++) {
        min = Math.min(min, weight[i]);
        max = Math.max(max, weight[i]);
      }
      wMin[at] = min;
      wMax[at] = max;
    }
  }

  @Override
  public void forward(
      Parameters p,
      int from,
      int to,
      float[] quantized,
      byte[] codes,
      float[] scales,
      byte[] zeros) {
    int groups = p.scheme().groups(p.in());
    for (int at = from * groups; at < to * groups; at++) {
      RangeGrid.set(p, at, scales, zeros);
      int start = RangeGrid.start(p, at);
      int end = start + RangeGrid.length(p, at);
      float s = scales[at];
      int zero = zeros[at] & 0xFF;
      if (quantized != null) {
        int i =
            p.value() == null
                ? dequantized(p, start, end, s, zero, quantized)
                : dequantizedWithOffset(p, start, end, s, zero, quantized);
        for (; i < end; i++) {
          quantized[i] = s * (code(p, i, s, zero) - zero);
        }
      }
      if (codes != null) {
        int i = vectorCodes(p, start, end, s, zero, codes);
        for (; i < end; i++) {
          codes[i] = (byte) code(p, i, s, zero);
        }
      }
    }
  }

  /** The code as the reference computes it. */
  private static int code(Parameters p, int i, float s, int zero) {
    return (int) Math.clamp(unclamped(p, i, s, zero), 0f, p.scheme().maxCode());
  }

  private static float unclamped(Parameters p, int i, float s, int zero) {
    float v = p.value() == null ? 0f : p.value()[i];
    return (float) Math.rint(p.weight()[i] / s + v) + zero;
  }

  /** Whole vectors of {@code [start, end)}; returns where it stopped. */
  private static int dequantized(
      Parameters p, int start, int end, float s, float zero, float[] to) {
    float[] weight = p.weight();
    float low = -zero;
    float high = p.scheme().maxCode() - zero;
    int i = start;
    for (; i <= end - L; i += L) {
      FloatVector q = FloatVector.fromArray(F, weight, i).div(s);
      q = q.add(ROUND).sub(ROUND).max(low).min(high);
      q.mul(s).intoArray(to, i);
    }
    return i;
  }

  private static int dequantizedWithOffset(
      Parameters p, int start, int end, float s, float zero, float[] to) {
    float[] weight = p.weight();
    float[] value = p.value();
    float low = -zero;
    float high = p.scheme().maxCode() - zero;
    int i = start;
    for (; i <= end - L; i += L) {
      FloatVector q = FloatVector.fromArray(F, weight, i).div(s);
      q = q.add(FloatVector.fromArray(F, value, i));
      q = q.add(ROUND).sub(ROUND).max(low).min(high);
      q.mul(s).intoArray(to, i);
    }
    return i;
  }

  /** Codes of whole vectors, where this machine can narrow them; returns where it stopped. */
  private static int vectorCodes(
      Parameters p, int start, int end, float s, int zero, byte[] codes) {
    if (BYTES == null) {
      return start;
    }
    return p.value() == null
        ? codes(p, start, end, s, zero, codes)
        : codesWithOffset(p, start, end, s, zero, codes);
  }

  private static int codes(Parameters p, int start, int end, float s, float zero, byte[] codes) {
    float[] weight = p.weight();
    float high = p.scheme().maxCode();
    int i = start;
    for (; i <= end - L; i += L) {
      FloatVector q = FloatVector.fromArray(F, weight, i).div(s);
      q = q.add(ROUND).sub(ROUND).add(zero).max(0f).min(high);
      ((ByteVector)
              q.convertShape(VectorOperators.F2I, I, 0).convertShape(VectorOperators.I2B, BYTES, 0))
          .intoArray(codes, i);
    }
    return i;
  }

  private static int codesWithOffset(
      Parameters p, int start, int end, float s, float zero, byte[] codes) {
    float[] weight = p.weight();
    float[] value = p.value();
    float high = p.scheme().maxCode();
    int i = start;
    for (; i <= end - L; i += L) {
      FloatVector q = FloatVector.fromArray(F, weight, i).div(s);
      q = q.add(FloatVector.fromArray(F, value, i));
      q = q.add(ROUND).sub(ROUND).add(zero).max(0f).min(high);
      ((ByteVector)
              q.convertShape(VectorOperators.F2I, I, 0).convertShape(VectorOperators.I2B, BYTES, 0))
          .intoArray(codes, i);
    }
    return i;
  }

  @Override
  public void backward(
      Parameters p,
      int from,
      int to,
      float[] gradient,
      float[] scales,
      byte[] zeros,
      float[] dValue,
      float[] dMinScale,
      float[] dMaxScale) {
    Sums sums = SUMS.get();
    int groups = p.scheme().groups(p.in());
    for (int at = from * groups; at < to * groups; at++) {
      int start = RangeGrid.start(p, at);
      int end = start + RangeGrid.length(p, at);
      float s = scales[at];
      int zero = zeros[at] & 0xFF;
      sums(p, start, end, s, zero, gradient, sums);
      for (int i = start; i < end; i++) {
        float r = unclamped(p, i, s, zero);
        dValue[i] = r >= p.firstPassing() && r <= p.lastPassing() ? s * gradient[i] : 0f;
      }
      dMinScale[at] = RangeGrid.minGradient(p, at, s, sums.code, sums.weight, sums.saturated);
      dMaxScale[at] = RangeGrid.maxGradient(p, at, s, sums.code, sums.weight, sums.saturated);
    }
  }

  @Override
  public void signStep(
      Parameters p,
      int from,
      int to,
      float[] gradient,
      float[] scales,
      byte[] zeros,
      float lr,
      float minMaxLr) {
    Sums sums = SUMS.get();
    int groups = p.scheme().groups(p.in());
    for (int at = from * groups; at < to * groups; at++) {
      int start = RangeGrid.start(p, at);
      int end = start + RangeGrid.length(p, at);
      float s = scales[at];
      int zero = zeros[at] & 0xFF;
      if (p.value() == null) {
        sums(p, start, end, s, zero, gradient, sums);
      } else {
        step(p, start, end, s, zero, gradient, lr, sums);
      }
      float dMin = RangeGrid.minGradient(p, at, s, sums.code, sums.weight, sums.saturated);
      float dMax = RangeGrid.maxGradient(p, at, s, sums.code, sums.weight, sums.saturated);
      if (p.minScale() != null) {
        p.minScale()[at] -= minMaxLr * Math.signum(dMin);
      }
      if (p.maxScale() != null) {
        p.maxScale()[at] -= minMaxLr * Math.signum(dMax);
      }
    }
  }

  /** The sums of one group for the gradients of its range. */
  private static void sums(
      Parameters p, int start, int end, float s, int zero, float[] gradient, Sums sums) {
    double code = 0;
    double weight = 0;
    double saturated = 0;
    for (int i = start; i < end; i++) {
      float r = unclamped(p, i, s, zero);
      boolean inside = r >= p.firstPassing() && r <= p.lastPassing();
      float u = Math.clamp(r, 0f, p.scheme().maxCode());
      code += (double) gradient[i] * (u - zero);
      weight += inside ? (double) gradient[i] * p.weight()[i] / s : 0;
      saturated += inside ? 0 : gradient[i];
    }
    sums.code = code;
    sums.weight = weight;
    sums.saturated = saturated;
  }

  /** Steps V of one group and forms its sums, in one pass. */
  private static void step(
      Parameters p, int start, int end, float s, int zero, float[] gradient, float lr, Sums sums) {
    int whole = end - (end - start) % WAYS;
    sums.room(whole - start);
    steps(p, start, whole, s, zero, gradient, lr, sums.parts);
    sums(p, whole, end, s, zero, gradient, sums);
    // One call for all three: three of them, inlined, are more than the compiler unboxes vectors
    // in.
    for (int part = 0; part < PARTS; part++) {
      sums.totals[part] = dot(whole - start, gradient, start, sums.parts[part], sums.lanes);
    }
    sums.code += sums.totals[CODE];
    sums.weight += sums.totals[WEIGHT];
    sums.saturated += sums.totals[SATURATED];
    float[] value = p.value();
    for (int i = whole; i < end; i++) {
      float r = unclamped(p, i, s, zero);
      boolean inside = r >= p.firstPassing() && r <= p.lastPassing();
      value[i] -= lr * Math.signum(inside ? s * gradient[i] : 0f);
    }
  }

  /** Steps V in whole vectors; leaves in the parts what its gradients are multiplied with. */
  private static void steps(
      Parameters p,
      int start,
      int end,
      float s,
      int zero,
      float[] gradient,
      float lr,
      float[][] parts) {
    float[] codes = parts[CODE];
    float[] inner = parts[WEIGHT];
    float[] saturated = parts[SATURATED];
    float[] weight = p.weight();
    float[] value = p.value();
    float low = -zero;
    float high = p.scheme().maxCode() - zero;
    float firstPassing = p.firstPassing() - zero;
    float lastPassing = p.lastPassing() - zero;
    for (int i = start; i < end; i += L) {
      FloatVector g = FloatVector.fromArray(F, gradient, i);
      FloatVector v = FloatVector.fromArray(F, value, i);
      FloatVector q = FloatVector.fromArray(F, weight, i).div(s);
      FloatVector r = q.add(v).add(ROUND).sub(ROUND);
      VectorMask<Float> outside = r.lt(firstPassing).or(r.compare(VectorOperators.GT, lastPassing));
      FloatVector d = g.mul(s).blend(0f, outside);
      v = v.blend(v.sub(lr), d.compare(VectorOperators.GT, 0f));
      v.blend(v.add(lr), d.lt(0f)).intoArray(value, i);
      r.max(low).min(high).intoArray(codes, i - start);
      q.blend(0f, outside).intoArray(inner, i - start);
      FloatVector.zero(F).blend(1f, outside).intoArray(saturated, i - start);
    }
  }

  /**
   * {@code Σ a·b} in double over {@code n} floats, a multiple of {@link Lanes#WAYS}. One sum a
   * loop: with all three in the loop over the weights there is more code than the compiler unboxes
   * vectors in (PointwiseBench.signStep).
   */
  private static double dot(int n, float[] a, int aAt, float[] b, double[] lanes) {
    if (L < 8) {
      return dotOfScalars(n, a, aAt, b, lanes);
    }
    DoubleVector s0 = DoubleVector.zero(D);
    DoubleVector s1 = s0;
    for (int i = 0; i < n; i += DOUBLE_WAYS) {
      s0 = Lanes.doubles(a, aAt + i).fma(Lanes.doubles(b, i), s0);
      if (L < 16) {
        int j = i + L / 2;
        s1 = Lanes.doubles(a, aAt + j).fma(Lanes.doubles(b, j), s1);
      }
    }
    Lanes.store(s0, s1, lanes, 0);
    return Lanes.sum(lanes);
  }

  /**
   * The same partial sums without vectors: two doubles a vector are no gain, and the compiler left
   * their conversions boxed.
   */
  private static double dotOfScalars(int n, float[] a, int aAt, float[] b, double[] lanes) {
    Arrays.fill(lanes, 0);
    for (int i = 0; i < n; i += DOUBLE_WAYS) {
      for (int k = 0; k < DOUBLE_WAYS; k++) {
        lanes[k] = Math.fma((double) a[aAt + i + k], (double) b[i + k], lanes[k]);
      }
    }
    return Lanes.sum(lanes);
  }
}
