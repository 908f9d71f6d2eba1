package dev.ashlar.tornado.kernel;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Activations, gates and rotary positions. */
public final class DevicePointwise {
  private DevicePointwise() {}

  /**
   * {@code y = f(gate) · up}, {@code n} elements; {@code y} may be one of them.
   *
   * @param function the ordinal of {@code ActivationKernel.Function}
   */
  public static void gated(FloatArray gate, FloatArray up, FloatArray y, int n, int function) {
    for (@Parallel int i = 0; i < n; i++) {
      y.set(i, activated(gate.get(i), function) * up.get(i));
    }
  }

  /**
   * The gate of GPT-OSS: with {@code g = min(gate, limit)} and {@code u = clamp(up, ±limit)},
   * {@code y = (u + 1) · g · σ(alpha · g)}, {@code n} elements; {@code y} may be one of them.
   */
  public static void clampedGate(
      FloatArray gate, FloatArray up, FloatArray y, int n, float alpha, float limit) {
    for (@Parallel int i = 0; i < n; i++) {
      float g = TornadoMath.min(gate.get(i), limit);
      float u = TornadoMath.max(-limit, TornadoMath.min(up.get(i), limit));
      y.set(i, (u + 1f) * g / (1f + TornadoMath.exp(-alpha * g)));
    }
  }

  /** {@code x = clamp(x, ±bound)}, {@code n} elements. */
  public static void clip(FloatArray x, int n, float bound) {
    for (@Parallel int i = 0; i < n; i++) {
      x.set(i, TornadoMath.max(-bound, TornadoMath.min(x.get(i), bound)));
    }
  }

  /** {@code y = f(x)}, {@code n} elements; {@code y} may be {@code x}. */
  public static void activate(FloatArray x, FloatArray y, int n, int function) {
    for (@Parallel int i = 0; i < n; i++) {
      y.set(i, activated(x.get(i), function));
    }
  }

  /** What {@code ActivationKernel.Function} says, by its ordinal. */
  static float activated(float x, int function) {
    float y = x;
    if (function == 0) {
      y = x / (1f + TornadoMath.exp(-x));
    }
    if (function == 1) {
      y = 0.5f * x * (1f + erf(x * 0.70710678f));
    }
    if (function == 2) {
      float inner = 0.79788456f * (x + 0.044715f * x * x * x);
      y = 0.5f * x * (1f + TornadoMath.tanh(inner));
    }
    if (function == 3) {
      y = x / (1f + TornadoMath.exp(-1.702f * x));
    }
    if (function == 4) {
      y = TornadoMath.max(x, 0f);
    }
    if (function == 5) {
      float positive = TornadoMath.max(x, 0f);
      y = positive * positive;
    }
    if (function == 6) {
      y = 1f / (1f + TornadoMath.exp(-x));
    }
    if (function == 7) {
      y = TornadoMath.tanh(x);
    }
    return y;
  }

  /** The error function within 1.5e-7 (Abramowitz and Stegun, 7.1.26). */
  static float erf(float x) {
    float a = TornadoMath.abs(x);
    float t = 1f / (1f + 0.3275911f * a);
    float p = 1.061405429f * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    float y = 1f - p * t * TornadoMath.exp(-a * a);
    return x < 0f ? -y : y;
  }

  /**
   * Turns pairs of each head by the angle of the row's position, in place; elements from {@code
   * rotaryDim} on stay.
   *
   * @param x {@code [rows, heads, headDim]}
   * @param places {@code (sequence, position)} of each row; one at position −1 stays
   * @param cos {@code [positions, rotaryDim / 2]}
   * @param sin likewise
   * @param interleaved 1 for pairs {@code (2i, 2i + 1)}, 0 for {@code (i, i + rotaryDim / 2)}
   */
  public static void rotary(
      FloatArray x,
      IntArray places,
      FloatArray cos,
      FloatArray sin,
      int rows,
      int heads,
      int headDim,
      int rotaryDim,
      int interleaved) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int h = 0; h < heads; h++) {
        int half = 0;
        if (places.get(2 * r + 1) >= 0) {
          half = rotaryDim / 2;
        }
        int angle = places.get(2 * r + 1) * half;
        int at = (r * heads + h) * headDim;
        for (int i = 0; i < half; i++) {
          int low = at + i;
          int high = at + i + half;
          if (interleaved == 1) {
            low = at + 2 * i;
            high = low + 1;
          }
          float c = cos.get(angle + i);
          float s = sin.get(angle + i);
          float a = x.get(low);
          float b = x.get(high);
          x.set(low, a * c - b * s);
          x.set(high, b * c + a * s);
        }
      }
    }
  }
}
