package dev.ashlar.tornado.tuner;

import dev.ashlar.tornado.graph.Tasks;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The arrays of a graph that every block of its shape fills anew. */
final class Loads {
  private final Tasks tasks;
  private final List<Consumer<BlockValues>> fills = new ArrayList<>();

  Loads(Tasks tasks) {
    this.tasks = tasks;
  }

  /** An array that {@code fill} fills from a block; some task has to use it. */
  <T> T array(T array, BiConsumer<T, BlockValues> fill) {
    fills.add(values -> fill.accept(array, values));
    return tasks.loads(array);
  }

  /**
   * {@code n} floats.
   *
   * @param floats of a block, or null for {@code otherwise} everywhere
   */
  FloatArray floats(int n, float otherwise, Function<BlockValues, float[]> floats) {
    return array(
        new FloatArray(n),
        (array, values) -> {
          float[] given = floats.apply(values);
          for (int i = 0; i < n; i++) {
            array.set(i, given == null ? otherwise : given[i]);
          }
        });
  }

  /** Fills all of them, on the host. */
  void fill(BlockValues values) {
    fills.forEach(f -> f.accept(values));
  }
}
