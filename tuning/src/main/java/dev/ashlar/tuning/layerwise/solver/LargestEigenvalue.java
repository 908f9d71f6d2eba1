package dev.ashlar.tuning.layerwise.solver;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The largest eigenvalue of a positive semi-definite matrix by Lanczos' iteration with complete
 * reorthogonalization (Golub and Van Loan, "Matrix Computations", section 10.1), from a fixed
 * start: the same matrix gives the same bits.
 */
final class LargestEigenvalue {
  private static final int MOST_STEPS = 120;
  private static final int CHECK_EVERY = 5;
  private static final double ENOUGH = 1e-10;
  private static final int HALVINGS = 80;

  private LargestEigenvalue() {}

  static double of(Symmetric a) {
    int n = a.dim();
    double[] v = start(n);
    List<double[]> basis = new ArrayList<>();
    List<Double> diagonal = new ArrayList<>();
    List<Double> beside = new ArrayList<>();
    double last = 0;
    for (int step = 1; step <= Math.min(n, MOST_STEPS); step++) {
      basis.add(v);
      double[] w = multiply(a, v);
      diagonal.add(dot(v, w));
      for (int pass = 0; pass < 2; pass++) {
        for (double[] b : basis) {
          RowUpdates.add(w, -dot(b, w), b, 0, n);
        }
      }
      double norm = Math.sqrt(dot(w, w));
      if (step % CHECK_EVERY == 0 || step == n || norm == 0) {
        double now = largest(diagonal, beside);
        if (norm == 0 || Math.abs(now - last) <= ENOUGH * now) {
          return now;
        }
        last = now;
      }
      beside.add(norm);
      RowUpdates.scale(w, 1 / norm, 0, n);
      v = w;
    }
    return largest(diagonal, beside);
  }

  private static double[] start(int n) {
    Random random = new Random(1);
    double[] v = new double[n];
    for (int i = 0; i < n; i++) {
      v[i] = 1 + random.nextDouble();
    }
    RowUpdates.scale(v, 1 / Math.sqrt(dot(v, v)), 0, n);
    return v;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double[] multiply(Symmetric a, double[] v) {
    double[] y = new double[v.length];
    for (int i = 0; i < v.length; i++) {
      double[] row = a.rows()[i];
      double sum = row[i] * v[i];
      for (int j = 0; j < i; j++) {
        sum += row[j] * v[j];
      }
      RowUpdates.add(y, v[i], row, 0, i);
      y[i] += sum;
    }
    return y;
  }

  /** The largest eigenvalue of a tridiagonal matrix, by halving an interval around it. */
  private static double largest(List<Double> diagonal, List<Double> beside) {
    int n = diagonal.size();
    double low = Double.NEGATIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      double around = (i > 0 ? beside.get(i - 1) : 0) + (i + 1 < n ? beside.get(i) : 0);
      low = Math.max(low, diagonal.get(i));
      high = Math.max(high, diagonal.get(i) + around);
    }
    for (int h = 0; h < HALVINGS && low < high; h++) {
      double middle = low + (high - low) / 2;
      if (isAbove(middle, diagonal, beside)) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return high;
  }

  /** Whether {@code x} is above all eigenvalues: all pivots of {@code x·1 − T} are positive. */
  private static boolean isAbove(double x, List<Double> diagonal, List<Double> beside) {
    double pivot = 1;
    for (int i = 0; i < diagonal.size(); i++) {
      double b = i == 0 ? 0 : beside.get(i - 1);
      pivot = x - diagonal.get(i) - (i == 0 ? 0 : b * b / pivot);
      if (!(pivot > 0)) {
        return false;
      }
    }
    return true;
  }
}
