package dev.ashlar.tornado.runner;

import dev.ashlar.tornado.kernel.DeviceAttention;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The two task graphs of a decoder: all blocks, and the head. Arrays of one graph are found by
 * another only where the one ran just before, so that all which shares keys and values is one
 * graph: single tokens, batches of a prompt and copies of pages.
 */
final class DeviceGraphs {
  /** Pages that are copied at a time; more take another run. */
  static final int COPIES = 8;

  private final Buffers buffers;
  private final Tasks blockTasks;
  private final Tasks headTasks;
  private final IntArray copies = IntArray.fromArray(new int[1 + 2 * COPIES]);
  private final TornadoExecutionPlan blockPlan;
  private final TornadoExecutionPlan headPlan;

  DeviceGraphs(List<DeviceBlock> blocks, Buffers b, DeviceHead head, boolean groups) {
    buffers = b;
    List<Object> weights = new ArrayList<>();
    blocks.forEach(block -> block.addArrays(weights));
    blockTasks = new Tasks("blocks", groups);
    blockTasks.graph(
        g ->
            g.transferToDevice(DataTransferMode.FIRST_EXECUTION, once(weights))
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, b.inside(blocks))
                .transferToDevice(
                    DataTransferMode.EVERY_EXECUTION,
                    b.x(),
                    b.active(),
                    b.places(),
                    b.table(),
                    copies));
    for (DeviceBlock block : blocks) {
      int size = DevicePages.TOKENS * block.keyDim();
      for (FloatArray cache : List.of(block.keys(), block.values())) {
        blockTasks.add(
            (g, id) -> g.task(id, DeviceAttention::copyPages, cache, copies, COPIES, size));
      }
      block.add(blockTasks, b);
    }
    blockTasks.graph(g -> g.transferToHost(DataTransferMode.EVERY_EXECUTION, b.x()));
    blockPlan = new TornadoExecutionPlan(blockTasks.graph().snapshot());

    headTasks = new Tasks("head", groups);
    headTasks.graph(
        g ->
            g.transferToDevice(DataTransferMode.FIRST_EXECUTION, once(head.arrays()))
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, head.in()));
    head.add(headTasks);
    headTasks.graph(g -> g.transferToHost(DataTransferMode.EVERY_EXECUTION, head.logits()));
    headPlan = new TornadoExecutionPlan(headTasks.graph().snapshot());
  }

  private static Object[] once(List<Object> arrays) {
    Map<Object, Object> seen = new IdentityHashMap<>();
    return arrays.stream().filter(a -> seen.put(a, a) == null).toArray();
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
    run(blockPlan, blockTasks);
    copies.set(0, 0);
  }

  void runHead() {
    run(headPlan, headTasks);
  }

  private static void run(TornadoExecutionPlan plan, Tasks tasks) {
    if (tasks.hasGrids()) {
      plan.withGridScheduler(tasks.scheduler()).execute();
    } else {
      plan.execute();
    }
  }

  void close() {
    try {
      for (TornadoExecutionPlan plan : List.of(blockPlan, headPlan)) {
        plan.freeDeviceMemory();
        plan.close();
      }
    } catch (TornadoExecutionPlanException e) {
      throw new IllegalStateException("TornadoVM could not free the device's memory", e);
    }
  }
}
