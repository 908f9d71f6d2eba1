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

  /** One thread's sums over a group. */
  private static final class Sums {
    double code;
    double weight;
    double saturated;
    final double[] codeLanes = new double[DOUBLE_WAYS];
    final double[] weightLanes = new double[DOUBLE_WAYS];
    final double[] saturatedLanes = new double[DOUBLE_WAYS];
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
    steps(p, start, whole, s, zero, gradient, lr, sums);
    sums(p, whole, end, s, zero, gradient, sums);
    sums.code += Lanes.sum(sums.codeLanes);
    sums.weight += Lanes.sum(sums.weightLanes);
    sums.saturated += Lanes.sum(sums.saturatedLanes);
    float[] value = p.value();
    for (int i = whole; i < end; i++) {
      float r = unclamped(p, i, s, zero);
      boolean inside = r >= p.firstPassing() && r <= p.lastPassing();
      value[i] -= lr * Math.signum(inside ? s * gradient[i] : 0f);
    }
  }

  /** The whole vectors of a group; leaves their sums in the lanes. */
  private static void steps(
      Parameters p, int start, int end, float s, int zero, float[] gradient, float lr, Sums sums) {
    float[] weight = p.weight();
    float[] value = p.value();
    float low = -zero;
    float high = p.scheme().maxCode() - zero;
    float firstPassing = p.firstPassing() - zero;
    float lastPassing = p.lastPassing() - zero;
    DoubleVector code0 = DoubleVector.zero(D);
    DoubleVector code1 = code0;
    DoubleVector code2 = code0;
    DoubleVector code3 = code0;
    DoubleVector weight0 = code0;
    DoubleVector weight1 = code0;
    DoubleVector weight2 = code0;
    DoubleVector weight3 = code0;
    DoubleVector saturated0 = code0;
    DoubleVector saturated1 = code0;
    DoubleVector saturated2 = code0;
    DoubleVector saturated3 = code0;
    for (int i = start; i < end; i += L) {
      FloatVector g = FloatVector.fromArray(F, gradient, i);
      FloatVector v = FloatVector.fromArray(F, value, i);
      FloatVector q = FloatVector.fromArray(F, weight, i).div(s);
      FloatVector r = q.add(v).add(ROUND).sub(ROUND);
      VectorMask<Float> outside = r.lt(firstPassing).or(r.compare(VectorOperators.GT, lastPassing));
      FloatVector u = r.max(low).min(high);
      FloatVector inner = q.blend(0f, outside);
      FloatVector d = g.mul(s).blend(0f, outside);
      v = v.blend(v.sub(lr), d.compare(VectorOperators.GT, 0f));
      v.blend(v.add(lr), d.lt(0f)).intoArray(value, i);
      FloatVector lost = FloatVector.zero(F).blend(g, outside);
      DoubleVector g0 = (DoubleVector) g.convertShape(VectorOperators.F2D, D, 0);
      DoubleVector g1 = (DoubleVector) g.convertShape(VectorOperators.F2D, D, 1);
      DoubleVector u0 = (DoubleVector) u.convertShape(VectorOperators.F2D, D, 0);
      DoubleVector u1 = (DoubleVector) u.convertShape(VectorOperators.F2D, D, 1);
      DoubleVector inner0 = (DoubleVector) inner.convertShape(VectorOperators.F2D, D, 0);
      DoubleVector inner1 = (DoubleVector) inner.convertShape(VectorOperators.F2D, D, 1);
      DoubleVector lost0 = (DoubleVector) lost.convertShape(VectorOperators.F2D, D, 0);
      DoubleVector lost1 = (DoubleVector) lost.convertShape(VectorOperators.F2D, D, 1);
      if (L >= 16) {
        code0 = g1.fma(u1, g0.fma(u0, code0));
        weight0 = g1.fma(inner1, g0.fma(inner0, weight0));
        saturated0 = saturated0.add(lost0).add(lost1);
        continue;
      }
      u0 = g0.fma(u0, code0);
      u1 = g1.fma(u1, code1);
      inner0 = g0.fma(inner0, weight0);
      inner1 = g1.fma(inner1, weight1);
      lost0 = saturated0.add(lost0);
      lost1 = saturated1.add(lost1);
      if (L < 8) {
        // Two of four vectors come next: the sums take turns.
        code0 = code2;
        code1 = code3;
        code2 = u0;
        code3 = u1;
        weight0 = weight2;
        weight1 = weight3;
        weight2 = inner0;
        weight3 = inner1;
        saturated0 = saturated2;
        saturated1 = saturated3;
        saturated2 = lost0;
        saturated3 = lost1;
      } else {
        code0 = u0;
        code1 = u1;
        weight0 = inner0;
        weight1 = inner1;
        saturated0 = lost0;
        saturated1 = lost1;
      }
    }
    Lanes.store(code0, code1, code2, code3, sums.codeLanes);
    Lanes.store(weight0, weight1, weight2, weight3, sums.weightLanes);
    Lanes.store(saturated0, saturated1, saturated2, saturated3, sums.saturatedLanes);
  }
}
