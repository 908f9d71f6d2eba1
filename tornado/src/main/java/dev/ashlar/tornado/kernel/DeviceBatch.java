package dev.ashlar.tornado.kernel;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What a tuning does with a batch of its samples: takes it out of all of them, compares outputs
 * with targets, and keeps parameters.
 *
 * <p>{@code batch} has the sample of each place in a micro-batch, or −1 for a place that is empty:
 * its rows are zeros and count for nothing.
 */
public final class DeviceBatch {
  private DeviceBatch() {}

  /**
   * Rows of the batch: {@code x[b, i] = samples[batch[b], i]}.
   *
   * @param samples {@code [samples, length, dim]}
   * @param x {@code [rows, dim]}, {@code rows} being places · length
   */
  public static void gather(
      FloatArray samples, IntArray batch, FloatArray x, int rows, int length, int dim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int i = 0; i < dim; i++) {
        int sample = batch.get(r / length);
        float v = 0f;
        if (sample >= 0) {
          v = samples.get((sample * length + r % length) * dim + i);
        }
        x.set(r * dim + i, v);
      }
    }
  }

  /**
   * The squared error of each row and its gradient, nothing for rows that do not count.
   *
   * @param p {@code [rows, dim]}
   * @param targets {@code [samples, length, dim]}
   * @param counted 0 or 1, {@code [samples, length]}
   * @param scale one element, {@code s}
   * @param sums receives {@code Σ (p − y)²}, {@code [rows]}
   * @param gradient receives {@code s · 2 · (p − y)}, {@code [rows, dim]}
   */
  public static void squaredError(
      FloatArray p,
      FloatArray targets,
      IntArray counted,
      IntArray batch,
      FloatArray scale,
      FloatArray sums,
      FloatArray gradient,
      int rows,
      int length,
      int dim) {
    for (@Parallel int r = 0; r < rows; r++) {
      int sample = batch.get(r / length);
      int counts = 0;
      int from = 0;
      if (sample >= 0) {
        from = sample * length + r % length;
        counts = counted.get(from);
      }
      float sum = 0f;
      float twice = 2f * scale.get(0);
      for (int i = 0; i < dim; i++) {
        float d = 0f;
        if (counts > 0) {
          float e = p.get(r * dim + i) - targets.get(from * dim + i);
          sum += e * e;
          d = twice * e;
        }
        gradient.set(r * dim + i, d);
      }
      sums.set(r, sum);
    }
  }

  /** {@code y = x}, {@code n} elements, where {@code when} has a 1. */
  public static void copyWhen(FloatArray x, FloatArray y, IntArray when, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      if (when.get(0) > 0) {
        y.set(i, x.get(i));
      }
    }
  }

  /** Holds {@code n} elements within {@code ±bound}. */
  public static void bounded(FloatArray x, int n, float bound) {
    for (@Parallel int i = 0; i < n; i++) {
      x.set(i, TornadoMath.min(TornadoMath.max(x.get(i), -bound), bound));
    }
  }

  /** Counts runs: the task of a graph that only brings arrays. */
  public static void count(IntArray runs, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      runs.set(i, runs.get(i) + 1);
    }
  }
}
