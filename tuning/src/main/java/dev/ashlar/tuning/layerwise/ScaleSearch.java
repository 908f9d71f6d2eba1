package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.GridErrorKernel;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;

/**
 * Scales that weights fit best, each group for itself: of many candidates the one of the least
 * error, each input counting by its {@link Importance}.
 *
 * <p>Symmetric grids are searched as AutoRound 0.16 does, whose idea is llama.cpp's: candidates put
 * the element of the largest magnitude somewhat inside or outside of the grid's end. For asymmetric
 * ones AutoRound rounds to nearest; here the range is shrunk, the zero point moved, and the scale
 * fitted by least squares to the codes that win.
 */
public final class ScaleSearch {
  /** Weights below which another thread does not pay; each is looked at some hundred times. */
  private static final int GRAIN = 1 << 9;

  /** Candidates to each side of the plain scale. */
  private static final int STEPS = 100;

  /** The same at 2 bits, where the steps are others. */
  private static final int STEPS_OF_TWO_BITS = 90;

  private static final double STEP_OF_TWO_BITS = 0.01;

  /** How far inside or outside of the grid the largest element is put, as a share of it. */
  private static final double REACH = 0.75;

  /** What inverses of smaller magnitude are taken for zero. */
  private static final float SMALLEST = 1e-30f;

  /** Shrunk ranges that are tried for asymmetric grids: from a little more than the range… */
  private static final double WIDEST = 1.04;

  /** …in steps of this part of it… */
  private static final double SHRINKING = 0.02;

  /** …so many. */
  private static final int RANGES = 36;

  /** Zero points to each side of the one of the range. */
  private static final int ZEROS_ASIDE = 2;

  /** How often scale and codes are fitted to each other at last. */
  private static final int REFITS = 3;

  private ScaleSearch() {}

  /**
   * Scales of a symmetric grid, before they are rounded to what files store and kept off zero.
   *
   * @param w {@code [out, in]}
   * @param importance {@code [in]}
   * @return signed, {@code [out, groups]}; zero for groups of zeros
   */
  public static float[] symmetric(Tensor w, IntegerGrid grid, float[] importance, Backend backend) {
    float[] factors = factors(grid);
    float[] scales = new float[w.dim(0) * grid.groups(w.dim(1))];
    each(
        w,
        grid,
        importance,
        factors.length,
        (at, group, room, errors) ->
            scales[at] = symmetric(backend.gridError(), grid, group, factors, room, errors));
    return scales;
  }

  /**
   * By what the inverse of the largest element is multiplied, the plain candidate first: products
   * in double, rounded to float, as PyTorch takes a number of Python's.
   */
  static float[] factors(IntegerGrid grid) {
    int n = grid.middle();
    boolean two = n == 2;
    double reach = n * REACH;
    double step = two ? STEP_OF_TWO_BITS : reach / STEPS;
    // A hair more, so that the quotient's own rounding loses none.
    int steps = two ? STEPS_OF_TWO_BITS : (int) (reach / step + 1e-9);
    float[] factors = new float[2 * steps + 1];
    int c = 0;
    factors[c++] = -n;
    for (int k = -steps; k <= steps; k++) {
      if (k != 0) {
        factors[c++] = (float) -(n - step * k);
      }
    }
    return factors;
  }

  private static float symmetric(
      GridErrorKernel kernel,
      IntegerGrid grid,
      GridErrorKernel.Group group,
      float[] factors,
      GridErrorKernel.Grids room,
      float[] errors) {
    float largest = 0;
    for (int i = group.at(); i < group.at() + group.n(); i++) {
      float w = group.weights()[i];
      largest = Math.abs(w) > Math.abs(largest) ? w : largest;
    }
    float one = inverse(largest);
    for (int c = 0; c < factors.length; c++) {
      float inverse = factors[c] * one;
      room.set(c, inverse, inverse(inverse), -grid.middle(), grid.middle() - 1);
    }
    kernel.errors(group, room, errors);
    return room.scales()[best(errors, factors.length)];
  }

  /** The first of the least errors. */
  private static int best(float[] errors, int count) {
    int best = 0;
    for (int c = 1; c < count; c++) {
      best = errors[c] < errors[best] ? c : best;
    }
    return best;
  }

  private static float inverse(float x) {
    return Math.abs(x) >= SMALLEST ? 1 / x : 0;
  }

  /**
   * Scales and zero points of an asymmetric grid, as files store them; never worse, by the weighted
   * error, than those that span minimum and maximum.
   *
   * @param w {@code [out, in]}
   * @param importance {@code [in]}
   * @return a scale that its type cannot hold is infinite in it
   */
  public static Groups.ZeroPoints asymmetric(
      Tensor w, IntegerGrid grid, float[] importance, Backend backend) {
    float[] scales = new float[w.dim(0) * grid.groups(w.dim(1))];
    byte[] zeros = new byte[scales.length];
    int most = 1 + RANGES * (2 * ZEROS_ASIDE + 1);
    each(
        w,
        grid,
        importance,
        most,
        (at, group, room, errors) -> {
          new Fit(backend.gridError(), grid, group, room, errors).run(at, scales, zeros);
        });
    return new Groups.ZeroPoints(grid, scales, zeros);
  }

  /** The search for one group of an asymmetric grid. */
  private static final class Fit {
    private final GridErrorKernel kernel;
    private final IntegerGrid grid;
    private final GridErrorKernel.Group group;
    private final GridErrorKernel.Grids room;
    private final float[] errors;
    private int count;

    Fit(
        GridErrorKernel kernel,
        IntegerGrid grid,
        GridErrorKernel.Group group,
        GridErrorKernel.Grids room,
        float[] errors) {
      this.kernel = kernel;
      this.grid = grid;
      this.group = group;
      this.room = room;
      this.errors = errors;
    }

    void run(int at, float[] scales, byte[] zeros) {
      float low = 0;
      float high = 0;
      for (int i = group.at(); i < group.at() + group.n(); i++) {
        low = Math.min(low, group.weights()[i]);
        high = Math.max(high, group.weights()[i]);
      }
      add((high - low) / grid.maxCode(), low, 0);
      for (int i = 0; i < RANGES; i++) {
        float part = (float) (WIDEST - SHRINKING * i);
        for (int aside = -ZEROS_ASIDE; aside <= ZEROS_ASIDE; aside++) {
          add(part * ((high - low) / grid.maxCode()), part * low, aside);
        }
      }
      kernel.errors(group, room.first(count), errors);
      int best = best(errors, count);
      float scale = room.scales()[best];
      int zero = (int) -room.lows()[best];
      scales[at] = refitted(scale, zero, errors[best]);
      zeros[at] = (byte) zero;
    }

    private void add(float step, float low, int aside) {
      float s = rounded(step);
      float zero = (float) Math.rint(-low / s) + aside;
      if (zero >= 0 && zero <= grid.maxCode()) {
        room.set(count++, 1 / s, s, -zero, grid.maxCode() - zero);
      } else if (aside == 0) {
        float nearest = Math.clamp(zero, 0f, grid.maxCode());
        room.set(count++, 1 / s, s, -nearest, grid.maxCode() - nearest);
      }
    }

    private float rounded(float step) {
      return Math.max(grid.roundScale(step), grid.scaleFloor());
    }

    /** Scale and codes in turn, as long as that helps. */
    private float refitted(float scale, int zero, float error) {
      float best = scale;
      float least = error;
      for (int i = 0; i < REFITS; i++) {
        float s = leastSquares(best, zero);
        if (!(s > 0) || s == best) {
          break;
        }
        room.set(0, 1 / s, s, -zero, grid.maxCode() - zero);
        kernel.errors(group, room.first(1), errors);
        if (!(errors[0] < least)) {
          break;
        }
        best = s;
        least = errors[0];
      }
      return best;
    }

    /** {@code Σ I·w·q / Σ I·q²} with the codes of {@code scale}; 0 if all are zero. */
    private float leastSquares(float scale, int zero) {
      double product = 0;
      double squares = 0;
      float inverse = 1 / scale;
      for (int i = 0; i < group.n(); i++) {
        float w = group.weights()[group.at() + i];
        float q = Math.clamp((float) Math.rint(w * inverse), -zero, grid.maxCode() - zero);
        double weighted = (double) group.importance()[group.importanceAt() + i] * q;
        product += weighted * w;
        squares += weighted * q;
      }
      return squares > 0 && product > 0 ? rounded((float) (product / squares)) : 0;
    }
  }

  /** Work on one group. */
  private interface Search {
    void group(int at, GridErrorKernel.Group group, GridErrorKernel.Grids room, float[] errors);
  }

  private static void each(
      Tensor w, IntegerGrid grid, float[] importance, int candidates, Search search) {
    Importance.byGroup(
        w,
        grid.effectiveGroup(w.dim(1)),
        grid.bits(),
        importance,
        GRAIN,
        () -> {
          GridErrorKernel.Grids room = GridErrorKernel.Grids.room(candidates);
          float[] errors = new float[candidates];
          return (at, group) -> search.group(at, group, room, errors);
        });
  }
}
