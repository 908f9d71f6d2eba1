package dev.ashlar.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Gradients of what a decoder block does beside attention: linear maps, norms, gates, sums. Those
 * of inputs only, and of the matrices of linear maps: nothing else of a block is tuned.
 */
public final class DeviceGradients {
  /** {@link #weights} leaves the gradient as it is. */
  public static final int KEEP = 0;

  /** {@link #weights} writes the gradient. */
  public static final int WRITE = 1;

  /** {@link #weights} adds to the gradient of earlier rows. */
  public static final int ADD = 2;

  /** Rows of a partial sum, as good as any: one long sum would lose its small terms. */
  public static final int PART = 256;

  private DeviceGradients() {}

  /**
   * The gradient of a linear map's matrix, {@code dw[out, in] = dy[rows, out]ᵀ · x[rows, in]}.
   *
   * @param mode one element: {@link #KEEP}, {@link #WRITE} or {@link #ADD}; an array, since it
   *     changes from run to run
   * @param part rows of a partial sum; an argument, since what is constant is unrolled
   */
  public static void weights(
      FloatArray dy,
      FloatArray x,
      FloatArray dw,
      IntArray mode,
      int out,
      int in,
      int rows,
      int part) {
    for (@Parallel int o = 0; o < out; o++) {
      for (@Parallel int i = 0; i < in; i++) {
        if (mode.get(0) > 0) {
          float sum = 0;
          for (int from = 0; from < rows; from += part) {
            int end = TornadoMath.min(rows, from + part);
            float some = 0;
            for (int r = from; r < end; r++) {
              some += dy.get(r * out + o) * x.get(r * in + i);
            }
            sum += some;
          }
          int at = o * in + i;
          if (mode.get(0) > 1) {
            sum += dw.get(at);
          }
          dw.set(at, sum);
        }
      }
    }
  }

  /**
   * {@link #weights} by groups of {@link DeviceProducts#TILE}² work items, which share a tile of
   * each matrix; groups go along the rows of tiles.
   *
   * @param part rows of a partial sum, whole tiles of them
   * @param tilesPerRow {@code ⌈in / TILE⌉}; there are {@code ⌈out / TILE⌉} rows of as many groups
   */
  public static void weightsTiled(
      KernelContext context,
      FloatArray dy,
      FloatArray x,
      FloatArray dw,
      IntArray mode,
      int out,
      int in,
      int rows,
      int part,
      int tilesPerRow) {
    float[] left = context.allocateFloatLocalArray(DeviceProducts.TILE * DeviceProducts.TILE);
    float[] right = context.allocateFloatLocalArray(DeviceProducts.TILE * DeviceProducts.TILE);
    int local = context.localIdx;
    int group = context.groupIdx;
    int r = local / DeviceProducts.TILE;
    int c = local % DeviceProducts.TILE;
    int firstOut = group / tilesPerRow * DeviceProducts.TILE;
    int i = group % tilesPerRow * DeviceProducts.TILE + c;
    int what = mode.get(0);
    int end = what > 0 ? rows : 0;
    int summed = 0;
    float sum = 0;
    float some = 0;
    for (int from = 0; from < end; from += DeviceProducts.TILE) {
      left[local] =
          firstOut + c < out && from + r < rows ? dy.get((from + r) * out + firstOut + c) : 0;
      right[local] = i < in && from + r < rows ? x.get((from + r) * in + i) : 0;
      context.localBarrier();
      for (int t = 0; t < DeviceProducts.TILE; t++) {
        some += left[t * DeviceProducts.TILE + r] * right[t * DeviceProducts.TILE + c];
      }
      context.localBarrier();
      summed += DeviceProducts.TILE;
      if (summed == part) {
        sum += some;
        some = 0;
        summed = 0;
      }
    }
    int o = firstOut + r;
    if (what > 0 && o < out && i < in) {
      float all = sum + some;
      int at = o * in + i;
      dw.set(at, what > 1 ? dw.get(at) + all : all);
    }
  }

  /**
   * The gradient of {@link DeviceRows#rms}'s input: {@code dx = keep · dx + r · (w · dy) − x · r³ ·
   * mean(dy · w · x)}, a work item for each row.
   *
   * @param x what was normalized
   * @param dx may be {@code dy} where nothing is kept
   * @param keep 0 to write, 1 to add
   */
  public static void rms(
      FloatArray x,
      FloatArray weight,
      FloatArray dy,
      FloatArray dx,
      int rows,
      int dim,
      float eps,
      int keep) {
    for (@Parallel int r = 0; r < rows; r++) {
      float squares = 0;
      float dot = 0;
      for (int i = 0; i < dim; i++) {
        float v = x.get(r * dim + i);
        squares += v * v;
        dot += dy.get(r * dim + i) * weight.get(i) * v;
      }
      float scale = 1f / TornadoMath.sqrt(squares / dim + eps);
      float c = dot / dim * scale * scale * scale;
      for (int i = 0; i < dim; i++) {
        int at = r * dim + i;
        float d = dy.get(at) * weight.get(i) * scale - c * x.get(at);
        if (keep == 1) {
          d += dx.get(at);
        }
        dx.set(at, d);
      }
    }
  }

  /**
   * The gradients of {@link DevicePointwise#gated}, {@code n} elements.
   *
   * @param dGate receives {@code f'(gate) · up · dy}; may be {@code dy}
   * @param dUp receives {@code f(gate) · dy}
   */
  public static void gated(
      FloatArray gate,
      FloatArray up,
      FloatArray dy,
      FloatArray dGate,
      FloatArray dUp,
      int n,
      int function) {
    for (@Parallel int i = 0; i < n; i++) {
      float g = gate.get(i);
      float d = dy.get(i);
      dUp.set(i, DevicePointwise.activated(g, function) * d);
      dGate.set(i, slope(g, function) * up.get(i) * d);
    }
  }

  /** {@code dx = f'(x) · dy}, {@code n} elements; {@code dx} may be {@code dy}. */
  public static void activate(FloatArray x, FloatArray dy, FloatArray dx, int n, int function) {
    for (@Parallel int i = 0; i < n; i++) {
      dx.set(i, slope(x.get(i), function) * dy.get(i));
    }
  }

  /** {@code y = scale · x}, {@code n} elements. */
  public static void scaled(FloatArray x, FloatArray y, int n, float scale) {
    for (@Parallel int i = 0; i < n; i++) {
      y.set(i, scale * x.get(i));
    }
  }

  /** The derivative of {@link DevicePointwise#activated}. */
  static float slope(float x, int function) {
    float y = 1f;
    if (function == 0) {
      float s = 1f / (1f + TornadoMath.exp(-x));
      y = s * (1f + x * (1f - s));
    }
    if (function == 1) {
      float below = 0.5f * (1f + DevicePointwise.erf(x * 0.70710678f));
      y = below + x * 0.39894228f * TornadoMath.exp(-0.5f * x * x);
    }
    if (function == 2) {
      // By the sigmoid of twice the argument: 1 − tanh² of a large one would be what rounding left.
      float twice = 1.59576912f * (x + 0.044715f * x * x * x);
      float s = 1f / (1f + TornadoMath.exp(TornadoMath.min(TornadoMath.max(-twice, -80f), 80f)));
      y = s + x * s * (1f - s) * 1.59576912f * (1f + 0.134145f * x * x);
    }
    if (function == 3) {
      float s = 1f / (1f + TornadoMath.exp(-1.702f * x));
      y = s + x * 1.702f * s * (1f - s);
    }
    if (function == 4) {
      y = 0f;
      if (x > 0f) {
        y = 1f;
      }
    }
    if (function == 5) {
      y = 2f * TornadoMath.max(x, 0f);
    }
    if (function == 6) {
      float s = 1f / (1f + TornadoMath.exp(-x));
      y = s * (1f - s);
    }
    if (function == 7) {
      float t = TornadoMath.tanh(x);
      y = 1f - t * t;
    }
    return y;
  }
}
