package dev.ashlar.tornado.runner;

import dev.ashlar.tornado.graph.Plan;
import dev.ashlar.tornado.graph.Tasks;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The task graphs of a decoder's blocks, some blocks each. Arrays of one graph are found by another
 * only where the one ran just before, so that all which shares keys and values is one graph: single
 * tokens, batches of a prompt and copies of pages. TornadoVM takes 256 tasks in a graph at most and
 * has less room for what it writes down of them, so that the stream passes through the host between
 * graphs.
 */
final class DeviceGraphs {
  /** Pages that are copied at a time; more take another run. */
  static final int COPIES = 8;

  /** Blocks of a graph: some forty tasks each at most. */
  static final int BLOCKS = 4;

  private final Buffers buffers;
  private final List<Plan> stages = new ArrayList<>();
  private final IntArray copies = IntArray.fromArray(new int[1 + 2 * COPIES]);

  /** The graphs. */
  DeviceGraphs(List<DeviceBlock> blocks, Buffers b, boolean groups) {
    buffers = b;
    for (int from = 0; from < blocks.size(); from += BLOCKS) {
      List<DeviceBlock> some = blocks.subList(from, Math.min(blocks.size(), from + BLOCKS));
      stages.add(stage("blocks" + from, some, groups));
    }
  }

  private Plan stage(String name, List<DeviceBlock> blocks, boolean groups) {
    Buffers b = buffers;
    List<Object> weights = new ArrayList<>();
    List<Object> changing = new ArrayList<>(List.of(copies));
    Tasks tasks = new Tasks(name, groups);
    for (DeviceBlock block : blocks) {
      block.addArrays(weights);
      block.addChanging(changing);
      block.addCopies(tasks, copies, COPIES);
      block.add(tasks, b);
    }
    weights.forEach(tasks::stays);
    Stream.of(b.used()).forEach(tasks::stays);
    Stream.of(b.changing()).forEach(tasks::send);
    changing.forEach(tasks::send);
    tasks.bringBack(b.x());
    return tasks.plan();
  }

  /** Has a page copied before the next run computes anything; at once where many wait already. */
  void copyPage(int from, int to) {
    if (copies.get(0) == COPIES) {
      copyNow();
    }
    int n = copies.get(0);
    copies.set(1 + 2 * n, from);
    copies.set(2 + 2 * n, to);
    copies.set(0, n + 1);
  }

  /** Copies what waits: a run of no rows. Rows of the last one would be stored once more. */
  void copyNow() {
    if (copies.get(0) > 0) {
      buffers.active().set(0, 0);
      for (int r = 0; r < buffers.rows(); r++) {
        buffers.leave(r);
      }
      runBlocks();
    }
  }

  void runBlocks() {
    stages.forEach(Plan::run);
    copies.set(0, 0);
  }

  void close() {
    stages.forEach(Plan::close);
  }
}
