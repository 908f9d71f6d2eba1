package dev.ashlar.tornado.kernel;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The quantizers of SignRound as {@code FakeQuantKernel} defines them (arXiv 2309.05516, section
 * 3), a work item for each group. Sums of a group are in double as there, since a last bit decides
 * the sign where a gradient is next to nothing.
 *
 * <p>Codes hang on the last bit of {@code w / s}: halves are common where a scale is a power of two
 * of a weight in 16 bits. Quotients are therefore {@link DeviceNumbers#quotient}'s.
 *
 * <p>Parameters are those of {@code FakeQuantKernel.Parameters}: {@code weight} and {@code value}
 * are {@code [out, in]}, the others {@code [out, groups]}; {@code symmetric}, {@code halfScales}
 * (scales are 16-bit floats) and {@code exact} are 0 or 1.
 */
public final class DeviceFakeQuant {
  private DeviceFakeQuant() {}

  /**
   * {@code ŵ = s · (u − zero)}, with the multipliers clamped in place to {@code [0, bound]}.
   *
   * @param scales receives the signed scales
   * @param zeros receives the zero points
   */
  public static void forward(
      FloatArray weight,
      FloatArray wMin,
      FloatArray wMax,
      FloatArray value,
      FloatArray minScale,
      FloatArray maxScale,
      FloatArray scales,
      FloatArray zeros,
      FloatArray quantized,
      int out,
      int in,
      int size,
      int bits,
      int symmetric,
      int halfScales,
      float bound) {
    for (@Parallel int o = 0; o < out; o++) {
      for (@Parallel int g = 0; g < (in + size - 1) / size; g++) {
        int groups = (in + size - 1) / size;
        int at = o * groups + g;
        int maxCode = (1 << bits) - 1;
        float a = TornadoMath.min(TornadoMath.max(minScale.get(at), 0f), bound);
        float b = TornadoMath.min(TornadoMath.max(maxScale.get(at), 0f), bound);
        minScale.set(at, a);
        maxScale.set(at, b);
        float low = wMin.get(at) * a;
        float high = wMax.get(at) * b;
        float s = scale(low, high, bits, symmetric, halfScales);
        float floor = halfScales == 1 ? 1e-5f : 1e-8f;
        float zero;
        if (symmetric == 1) {
          zero = 1 << (bits - 1);
          s = s < 0f ? TornadoMath.min(s, -floor) : TornadoMath.max(s, floor);
        } else {
          s = TornadoMath.max(s, floor);
          float z = DeviceNumbers.wholeToEven(DeviceNumbers.quotient(-low, s));
          zero = TornadoMath.min(TornadoMath.max(z, 0f), maxCode);
        }
        scales.set(at, s);
        zeros.set(at, zero);
        int end = o * in + Math.min(in, (g + 1) * size);
        for (int i = o * in + g * size; i < end; i++) {
          float code =
              DeviceNumbers.wholeToEven(DeviceNumbers.quotient(weight.get(i), s) + value.get(i))
                  + zero;
          code = TornadoMath.min(TornadoMath.max(code, 0f), maxCode);
          quantized.set(i, s * (code - zero));
        }
      }
    }
  }

  /** The range's scale before its floor, rounded to what files store. */
  static float scale(float low, float high, int bits, int symmetric, int halfScales) {
    float s;
    if (symmetric == 1) {
      float below = -low;
      float range = high < below ? below : -high;
      s = range / (1 << (bits - 1));
    } else {
      s = DeviceNumbers.quotient(high - low, (1 << bits) - 1);
    }
    return halfScales == 1 ? DeviceNumbers.toHalf(s) : s;
  }

  /**
   * One step down the signs of the gradients of V, α and β, at what {@link #forward} left.
   *
   * @param gradient {@code ∂L/∂ŵ}, {@code [out, in]}
   * @param rates the step of V and that of α and β: an array, since they decay
   * @param exact whether gradients are the formulas' own, or those of auto-round
   */
  public static void signStep(
      FloatArray gradient,
      FloatArray weight,
      FloatArray wMin,
      FloatArray wMax,
      FloatArray value,
      FloatArray minScale,
      FloatArray maxScale,
      FloatArray scales,
      FloatArray zeros,
      FloatArray rates,
      int out,
      int in,
      int size,
      int bits,
      int symmetric,
      int halfScales,
      int exact) {
    for (@Parallel int o = 0; o < out; o++) {
      for (@Parallel int g = 0; g < (in + size - 1) / size; g++) {
        int groups = (in + size - 1) / size;
        int at = o * groups + g;
        int maxCode = (1 << bits) - 1;
        float firstPassing = exact == 1 ? 0f : 1f;
        float lastPassing = maxCode - firstPassing;
        float s = scales.get(at);
        float zero = zeros.get(at);
        float low = wMin.get(at) * minScale.get(at);
        float high = wMax.get(at) * maxScale.get(at);
        double codes = 0;
        double weights = 0;
        double saturated = 0;
        int end = o * in + Math.min(in, (g + 1) * size);
        for (int i = o * in + g * size; i < end; i++) {
          float d = gradient.get(i);
          float w = DeviceNumbers.quotient(weight.get(i), s);
          float code = DeviceNumbers.wholeToEven(w + value.get(i)) + zero;
          float held = TornadoMath.min(TornadoMath.max(code, 0f), maxCode) - zero;
          codes += (double) d * (double) held;
          if (code >= firstPassing && code <= lastPassing) {
            weights += (double) d * (double) w;
            value.set(i, value.get(i) - rates.get(0) * DeviceNumbers.sign(s * d));
          } else {
            saturated += d;
          }
        }
        float sumCode = (float) codes;
        float sumWeight = (float) weights;
        float sumSaturated = (float) saturated;
        float floor = halfScales == 1 ? 1e-5f : 1e-8f;
        float range = 0;
        if (TornadoMath.abs(scale(low, high, bits, symmetric, halfScales)) >= floor) {
          double moved = symmetric == 1 ? 0.0 : saturated * low / s;
          float sumZero = (float) moved;
          range = (float) (codes - weights - moved);
          if (exact == 0 && halfScales == 1) {
            float first = DeviceNumbers.toHalf(sumCode) - DeviceNumbers.toHalf(sumWeight);
            float rounded =
                DeviceNumbers.toHalf(DeviceNumbers.toHalf(first) - DeviceNumbers.toHalf(sumZero));
            float largest = TornadoMath.max(TornadoMath.abs(sumCode), TornadoMath.abs(sumWeight));
            largest = TornadoMath.max(largest, TornadoMath.abs(first));
            largest = TornadoMath.max(largest, TornadoMath.abs(sumZero));
            largest = TornadoMath.max(largest, TornadoMath.abs(rounded));
            // Beyond the 16-bit floats the gradient is the exact one.
            range = largest < 65520f ? rounded : range;
          }
          range = range / (symmetric == 1 ? 1 << (bits - 1) : maxCode);
        }
        float dMin;
        float dMax;
        if (symmetric == 1) {
          float below = -low;
          float share = high == below ? 0.5f : 1f;
          dMin = high <= below ? share * range * -wMin.get(at) : 0f;
          dMax = high >= below ? share * -range * wMax.get(at) : 0f;
          if (high == below) {
            dMin = share * range * wMin.get(at);
          }
        } else {
          dMin = wMin.get(at) * (sumSaturated - range);
          dMax = wMax.get(at) * range;
        }
        minScale.set(at, minScale.get(at) - rates.get(1) * DeviceNumbers.sign(dMin));
        maxScale.set(at, maxScale.get(at) - rates.get(1) * DeviceNumbers.sign(dMax));
      }
    }
  }
}
