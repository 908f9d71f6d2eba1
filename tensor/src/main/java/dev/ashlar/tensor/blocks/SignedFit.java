package dev.ashlar.tensor.blocks;

import dev.ashlar.tensor.kernel.GridErrorKernel.Group;
import dev.ashlar.tensor.kernel.GridSumsKernel;

/**
 * The step {@code s} of either sign for which {@code x ≈ s·q} with whole {@code q} from {@code
 * −zero} to {@code zero − 1} has a small weighted square error: steps around the one that gives the
 * extreme value the extreme code are tried, with either sign. Much smaller ones are among them,
 * since the extreme value may count little.
 */
public final class SignedFit {
  /** Grids so coarse that it matters on which side the longer half is. */
  private static final int COARSE = 16;

  /** What one over the step is tried at, times what the extreme value asks for. */
  private static final float[] WIDE = Steps.ladder(0.7, 2.5, 16);

  private static final float[] CLOSE = Steps.ladder(0.95, 1.6, 24);

  private final int zero;
  private final Steps steps;

  /**
   * @param kernel computes sums
   * @param zero the number of codes below zero
   */
  public SignedFit(GridSumsKernel kernel, int zero) {
    this.zero = zero;
    this.steps = Steps.whole(kernel, -zero, zero - 1, 2 * WIDE.length + 2);
  }

  /** The nearest whole number. */
  public static int nearest(float x) {
    return (int) Math.floor(x + 0.5f);
  }

  /**
   * Finds a step; 0 if all values are.
   *
   * @param known a step that values lie on multiples of, or 0
   */
  public float step(Group group, float known) {
    float extreme = extreme(group);
    if (Math.abs(extreme) < Float.MIN_NORMAL) {
      return 0;
    }
    steps.begin(group);
    for (float factor : zero <= COARSE ? WIDE : CLOSE) {
      steps.add(-zero * factor / extreme);
    }
    if (zero <= COARSE) {
      for (float factor : WIDE) {
        steps.add((zero - 1) * factor / extreme);
      }
    }
    if (known != 0) {
      steps.add(1 / known);
      steps.add(-1 / known);
    }
    return steps.best();
  }

  /** The value of the largest magnitude. */
  public static float extreme(Group group) {
    float[] x = group.weights();
    float extreme = 0;
    for (int i = group.at(); i < group.at() + group.n(); i++) {
      extreme = Math.abs(x[i]) > Math.abs(extreme) ? x[i] : extreme;
    }
    return extreme;
  }

  /** As {@link Steps#factor}, of factors from {@code −factors} to {@code factors − 1}. */
  int factor(Group group, float base, float wanted, int factors) {
    return steps.factor(group, base, wanted, -factors, factors - 1);
  }

  /** The error of that factor, less {@code Σwx²}. */
  double error() {
    return steps.error();
  }

  /** As {@link Steps#squares}. */
  double squares() {
    return steps.squares();
  }

  /** As {@link Steps#products}. */
  double products() {
    return steps.products();
  }

  /** The codes of a step, counted from zero up. */
  public static void codes(float[] x, int from, int n, float step, int zero, int[] codes, int at) {
    float inverse = step == 0 ? 0 : 1 / step;
    for (int i = 0; i < n; i++) {
      codes[at + i] = Math.clamp(nearest(x[from + i] * inverse), -zero, zero - 1) + zero;
    }
  }
}
