package dev.ashlar.tuning.finish;

import dev.ashlar.tuning.calibration.BatchOrder;
import dev.ashlar.tuning.method.FinishTask;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The samples that steps will ask for. Where there are more than that, the float model need not see
 * the others, which takes as long as a fifth of a step for each.
 */
final class Drawn {
  private final int[] used;
  private final BatchOrder order;

  private Drawn(int[] used, BatchOrder order) {
    this.used = used;
    this.order = order;
  }

  /**
   * Of a tuning whose number of steps is known; of one that keeps to a time, all.
   *
   * @param count samples that steps may see
   */
  static Drawn of(int count, EndToEndOptions options, FinishTask task) {
    int batch = Math.min(options.batch(), count);
    BatchOrder all = BatchOrder.shuffled(count, batch, task.seed());
    if (task.limit().isPresent() || (long) options.steps() * batch >= count) {
      return new Drawn(EndToEnd.range(0, count), all);
    }
    int[][] batches = new int[options.steps()][];
    Arrays.setAll(batches, i -> all.next());
    int[] used = Arrays.stream(batches).flatMapToInt(Arrays::stream).sorted().toArray();
    for (int[] rows : batches) {
      Arrays.setAll(rows, i -> Arrays.binarySearch(used, rows[i]));
    }
    int[] at = {0};
    return new Drawn(used, () -> batches[at[0]++]);
  }

  /**
   * What steps see, in the order of {@code fresh}, and behind it what decides.
   *
   * @param fresh samples that steps may see, and those that decide
   */
  List<int[]> samples(List<int[]> fresh, int deciding) {
    List<int[]> samples = new ArrayList<>();
    for (int row : used) {
      samples.add(fresh.get(row));
    }
    samples.addAll(fresh.subList(fresh.size() - deciding, fresh.size()));
    return samples;
  }

  /** Which of {@link #samples} each step sees. */
  BatchOrder order() {
    return order;
  }
}
