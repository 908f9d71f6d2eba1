package dev.ashlar.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Products of rows with the experts that {@link DeviceRouting} chose for them: only those are
 * computed, and nobody on the host need know which they are. The matrices of all experts lie one
 * behind the other, {@code [experts, out, in]}. A row has {@code perToken} places side by side;
 * those of a row from {@code active} on keep what they had.
 */
public final class DeviceExperts {
  private DeviceExperts() {}

  /**
   * {@code y[s] = x[s / share] · w[choice[s]]ᵀ} for each place s, a work item for each element.
   *
   * @param x {@code [places / share, in]}
   * @param w {@code [experts, out, in]}
   * @param y {@code [places, out]}
   * @param share places that read the same row: {@code perToken} for maps of the stream, 1 for maps
   *     of what an expert put out
   */
  public static void xwt(
      FloatArray x,
      FloatArray w,
      FloatArray y,
      IntArray choice,
      IntArray active,
      int places,
      int perToken,
      int share,
      int out,
      int in) {
    for (@Parallel int s = 0; s < places; s++) {
      for (@Parallel int o = 0; o < out; o++) {
        if (s / perToken < active.get(0)) {
          int from = (choice.get(s) * out + o) * in;
          int row = s / share * in;
          float sum = 0;
          for (int k = 0; k < in; k++) {
            sum += x.get(row + k) * w.get(from + k);
          }
          y.set(s * out + o, sum);
        }
      }
    }
  }

  /**
   * {@link #xwt} with codes as {@link DevicePacked} reads them.
   *
   * @param words {@code [experts, out, wordsPerRow]}
   * @param scales {@code [experts, out, groups]}
   * @param minimums {@code [experts, out, groups]}
   */
  public static void packedXwt(
      FloatArray x,
      IntArray words,
      FloatArray scales,
      FloatArray minimums,
      FloatArray y,
      IntArray choice,
      IntArray active,
      int places,
      int perToken,
      int share,
      int out,
      int in,
      int bits,
      int size,
      int wordsPerRow) {
    for (@Parallel int s = 0; s < places; s++) {
      for (@Parallel int o = 0; o < out; o++) {
        int perRow = (in + size - 1) / size;
        int groups = 0;
        if (s / perToken < active.get(0)) {
          groups = perRow;
        }
        int of = choice.get(s) * out + o;
        int row = s / share * in;
        float total = 0;
        for (int g = 0; g < groups; g++) {
          int end = Math.min(in, (g + 1) * size);
          float codes = 0;
          float plain = 0;
          for (int k = g * size; k < end; k++) {
            int code = DevicePacked.code(words, of * wordsPerRow, k, bits);
            float value = x.get(row + k);
            codes += value * code;
            plain += value;
          }
          total += scales.get(of * perRow + g) * codes + minimums.get(of * perRow + g) * plain;
        }
        if (groups > 0) {
          y.set(s * out + o, total);
        }
      }
    }
  }

  /**
   * {@link #packedXwt} as {@link DevicePacked#xwtByGroups}: a group of work items for each element.
   *
   * @param items work items of a group, a power of two
   */
  public static void packedXwtByGroups(
      KernelContext context,
      FloatArray x,
      IntArray words,
      FloatArray scales,
      FloatArray minimums,
      FloatArray y,
      IntArray choice,
      IntArray active,
      int perToken,
      int share,
      int out,
      int in,
      int bits,
      int size,
      int items) {
    float[] sums = context.allocateFloatLocalArray(items);
    int local = context.localIdx;
    int s = context.groupIdx / out;
    int o = context.groupIdx % out;
    int perWord = 32 / bits;
    int perRow = (in + perWord - 1) / perWord;
    int groups = (in + size - 1) / size;
    int mask = (1 << bits) - 1;
    // The same for all of a group, so that all of it meets at each barrier.
    int last = 0;
    if (s / perToken < active.get(0)) {
      last = perRow;
    }
    int of = choice.get(s) * out + o;
    int row = s / share * in;
    float total = 0;
    for (int v = local; v < last; v += items) {
      int word = words.get(of * perRow + v);
      int first = v * perWord;
      int end = Math.min(in, first + perWord);
      int g = of * groups + first / size;
      float scale = scales.get(g);
      float minimum = minimums.get(g);
      int shift = 0;
      for (int k = first; k < end; k++) {
        float code = (word >> shift) & mask;
        total += x.get(row + k) * (scale * code + minimum);
        shift += bits;
      }
    }
    sums[local] = total;
    context.localBarrier();
    for (int half = items / 2; half > 0; half = half / 2) {
      if (local < half) {
        sums[local] = sums[local] + sums[local + half];
      }
      context.localBarrier();
    }
    if (local == 0) {
      if (last > 0) {
        y.set(s * out + o, sums[0]);
      }
    }
  }

  /** {@code y[s] += bias[choice[s]]} for each place s, with {@code bias [experts, out]}. */
  public static void addBias(FloatArray y, FloatArray bias, IntArray choice, int places, int out) {
    for (@Parallel int s = 0; s < places; s++) {
      for (@Parallel int o = 0; o < out; o++) {
        y.set(s * out + o, y.get(s * out + o) + bias.get(choice.get(s) * out + o));
      }
    }
  }

  /**
   * {@code y[r] = Σ weights[r, i] · x[r, i]} over the places i of row r.
   *
   * @param x {@code [rows, perToken, dim]}
   * @param weights {@code [rows, perToken]}
   * @param y {@code [rows, dim]}
   */
  public static void combine(
      FloatArray x, FloatArray weights, FloatArray y, int rows, int dim, int perToken) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int d = 0; d < dim; d++) {
        float sum = 0;
        for (int i = 0; i < perToken; i++) {
          int s = r * perToken + i;
          sum += weights.get(s) * x.get(s * dim + d);
        }
        y.set(r * dim + d, sum);
      }
    }
  }

  /** {@code y[r] += x[r]} times the sigmoid of {@code gate[r]}: an expert for all rows. */
  public static void addGated(FloatArray x, FloatArray gate, FloatArray y, int rows, int dim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int d = 0; d < dim; d++) {
        float weight = DevicePointwise.activated(gate.get(r), 6);
        y.set(r * dim + d, y.get(r * dim + d) + weight * x.get(r * dim + d));
      }
    }
  }
}
