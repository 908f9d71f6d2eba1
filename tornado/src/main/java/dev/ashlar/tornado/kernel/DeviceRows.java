package dev.ashlar.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What goes row by row: norms, softmax, the embedding, the largest logit. */
public final class DeviceRows {
  private DeviceRows() {}

  /**
   * {@code y = x / sqrt(mean(x²) + eps) · weight}, a work item for each row.
   *
   * @param weight {@code [dim]}
   */
  public static void rms(
      FloatArray x, FloatArray weight, FloatArray y, int rows, int dim, float eps) {
    for (@Parallel int r = 0; r < rows; r++) {
      float sum = 0;
      for (int i = 0; i < dim; i++) {
        float v = x.get(r * dim + i);
        sum += v * v;
      }
      float scale = 1f / TornadoMath.sqrt(sum / dim + eps);
      for (int i = 0; i < dim; i++) {
        y.set(r * dim + i, x.get(r * dim + i) * scale * weight.get(i));
      }
    }
  }

  /**
   * {@link #rms} by a group of work items for each row, which add up in pairs.
   *
   * @param items work items of a group, a power of two
   */
  public static void rmsByGroups(
      KernelContext context,
      FloatArray x,
      FloatArray weight,
      FloatArray y,
      int dim,
      float eps,
      int items) {
    float[] sums = context.allocateFloatLocalArray(items);
    int local = context.localIdx;
    int first = context.groupIdx * dim;
    float sum = 0;
    for (int i = local; i < dim; i += items) {
      float v = x.get(first + i);
      sum += v * v;
    }
    sums[local] = sum;
    context.localBarrier();
    for (int half = items / 2; half > 0; half = half / 2) {
      if (local < half) {
        sums[local] = sums[local] + sums[local + half];
      }
      context.localBarrier();
    }
    float scale = 1f / TornadoMath.sqrt(sums[0] / dim + eps);
    for (int i = local; i < dim; i += items) {
      y.set(first + i, x.get(first + i) * scale * weight.get(i));
    }
  }

  /**
   * {@code y = (x − mean) / sqrt(variance + eps) · weight + bias}, a work item for each row.
   *
   * @param weight {@code [sets, dim]}
   * @param bias {@code [sets, dim]}
   * @param sets weights that rows take in turns: heads that have weights of their own, else 1
   */
  public static void layer(
      FloatArray x,
      FloatArray weight,
      FloatArray bias,
      FloatArray y,
      int rows,
      int dim,
      float eps,
      int sets) {
    for (@Parallel int r = 0; r < rows; r++) {
      int own = r % sets * dim;
      float sum = 0;
      for (int i = 0; i < dim; i++) {
        sum += x.get(r * dim + i);
      }
      float mean = sum / dim;
      float squares = 0;
      for (int i = 0; i < dim; i++) {
        float v = x.get(r * dim + i) - mean;
        squares += v * v;
      }
      float scale = 1f / TornadoMath.sqrt(squares / dim + eps);
      for (int i = 0; i < dim; i++) {
        float v = (x.get(r * dim + i) - mean) * scale;
        y.set(r * dim + i, v * weight.get(own + i) + bias.get(own + i));
      }
    }
  }

  /** {@code y = exp(x − max) / Σ exp(x − max)}, a work item for each row. */
  public static void softmax(FloatArray x, FloatArray y, int rows, int dim) {
    for (@Parallel int r = 0; r < rows; r++) {
      float max = x.get(r * dim);
      for (int i = 1; i < dim; i++) {
        max = TornadoMath.max(max, x.get(r * dim + i));
      }
      float sum = 0;
      for (int i = 0; i < dim; i++) {
        float e = TornadoMath.exp(x.get(r * dim + i) - max);
        sum += e;
        y.set(r * dim + i, e);
      }
      for (int i = 0; i < dim; i++) {
        y.set(r * dim + i, y.get(r * dim + i) / sum);
      }
    }
  }

  /**
   * Heads of two parts: the first is every head's of a row, the second its own.
   *
   * @param shared {@code [rows, first]}
   * @param own {@code [rows, heads, second]}
   * @param y {@code [rows, heads, first + second]}
   */
  public static void joinHeads(
      FloatArray shared, FloatArray own, FloatArray y, int rows, int heads, int first, int second) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int h = 0; h < heads; h++) {
        int to = (r * heads + h) * (first + second);
        for (int i = 0; i < first; i++) {
          y.set(to + i, shared.get(r * first + i));
        }
        for (int i = 0; i < second; i++) {
          y.set(to + first + i, own.get((r * heads + h) * second + i));
        }
      }
    }
  }

  /** {@code y[r] = scale · table[ids[r]]}. */
  public static void embed(
      IntArray ids, FloatArray table, FloatArray y, int rows, int dim, float scale) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int i = 0; i < dim; i++) {
        y.set(r * dim + i, scale * table.get(ids.get(r) * dim + i));
      }
    }
  }

  /** {@code y = a + scale · b}, {@code n} elements; {@code y} may be one of them. */
  public static void add(FloatArray a, FloatArray b, FloatArray y, int n, float scale) {
    for (@Parallel int i = 0; i < n; i++) {
      y.set(i, a.get(i) + scale * b.get(i));
    }
  }

  /** {@code x = cap · tanh(scale · x / cap)}, or {@code scale · x} where {@code cap} is 0. */
  public static void scaleAndCap(FloatArray x, int n, float scale, float cap) {
    for (@Parallel int i = 0; i < n; i++) {
      float v = scale * x.get(i);
      if (cap > 0f) {
        v = cap * TornadoMath.tanh(v / cap);
      }
      x.set(i, v);
    }
  }

  /** {@code y[r] += bias} for each row. */
  public static void addBias(FloatArray y, FloatArray bias, int rows, int dim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int i = 0; i < dim; i++) {
        y.set(r * dim + i, y.get(r * dim + i) + bias.get(i));
      }
    }
  }

  /** The index of each row's largest element, the first of equal ones. */
  public static void argmax(FloatArray x, IntArray best, int rows, int dim) {
    for (@Parallel int r = 0; r < rows; r++) {
      int at = 0;
      float max = x.get(r * dim);
      for (int i = 1; i < dim; i++) {
        float v = x.get(r * dim + i);
        if (v > max) {
          max = v;
          at = i;
        }
      }
      best.set(r, at);
    }
  }

  /**
   * The {@code count} largest elements of each row and where they stand, the largest first, the
   * first of equal ones first; a work item for each row, which keeps them in order as it goes.
   *
   * @param values {@code [rows, count]}
   * @param indices {@code [rows, count]}
   * @param count at most {@code dim}
   */
  public static void topK(
      FloatArray x, FloatArray values, IntArray indices, int rows, int dim, int count) {
    for (@Parallel int r = 0; r < rows; r++) {
      int first = r * count;
      int held = 0;
      for (int i = 0; i < dim; i++) {
        float v = x.get(r * dim + i);
        int at = held;
        if (held == count) {
          at = v > values.get(first + count - 1) ? count - 1 : count;
        } else {
          held = held + 1;
        }
        if (at < count) {
          int to = at;
          int moving = 1;
          while (moving == 1) {
            moving = 0;
            if (to > 0) {
              if (values.get(first + to - 1) < v) {
                values.set(first + to, values.get(first + to - 1));
                indices.set(first + to, indices.get(first + to - 1));
                to = to - 1;
                moving = 1;
              }
            }
          }
          values.set(first + to, v);
          indices.set(first + to, i);
        }
      }
    }
  }
}
