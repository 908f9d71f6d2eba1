package dev.ashlar.tornado.runner;

import dev.ashlar.tornado.kernel.DeviceAttention;
import dev.ashlar.tornado.kernel.DeviceRows;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The task graphs of a decoder, in one plan: the first puts onto the device what stays there, and
 * the others find it there.
 */
final class DeviceGraphs {
  private static final String RESIDENT = "resident";

  private final List<DeviceBlock> blocks;
  private final boolean groups;
  private final GridScheduler scheduler = new GridScheduler();
  private final List<Tasks> all = new ArrayList<>();
  private final Map<Buffers, Integer> places = new IdentityHashMap<>();
  private final Object[] resident;
  private final FloatArray touched = FloatArray.fromArray(new float[1]);
  private final IntArray pagePair = IntArray.fromArray(new int[2]);
  private int head;
  private int copy;
  private TornadoExecutionPlan plan;

  /**
   * No graphs yet.
   *
   * @param norm of the head, or null
   */
  DeviceGraphs(List<DeviceBlock> blocks, DeviceNorm norm, DeviceLinear output, boolean groups) {
    this.blocks = blocks;
    this.groups = groups;
    List<Object> arrays = new ArrayList<>();
    blocks.forEach(b -> b.addArrays(arrays));
    if (norm != null) {
      norm.addArrays(arrays);
    }
    output.addArrays(arrays);
    this.resident = once(arrays);
  }

  /** A graph that finds what stays on the device. */
  private Tasks begin(String name) {
    Tasks tasks = new Tasks(name, scheduler, groups);
    tasks.graph(g -> g.consumeFromDevice(RESIDENT, resident));
    return tasks;
  }

  /** The graph of all blocks for as many rows as the buffers have. */
  void addBlocks(String name, Buffers b) {
    Tasks tasks = begin(name);
    tasks.graph(
        g ->
            g.transferToDevice(DataTransferMode.EVERY_EXECUTION, b.x(), b.places(), b.table())
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, b.inside().toArray()));
    blocks.forEach(block -> block.add(tasks, b));
    tasks.graph(g -> g.transferToHost(DataTransferMode.EVERY_EXECUTION, b.x()));
    all.add(tasks);
    places.put(b, all.size());
  }

  /** The graph from a last hidden state to logits. */
  void addHead(Consumer<Tasks> body, FloatArray in, FloatArray inside, FloatArray out) {
    Tasks tasks = begin("head");
    tasks.graph(
        g ->
            g.transferToDevice(DataTransferMode.EVERY_EXECUTION, in)
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, inside, out));
    body.accept(tasks);
    tasks.graph(g -> g.transferToHost(DataTransferMode.EVERY_EXECUTION, out));
    all.add(tasks);
    head = all.size();
  }

  /** Nothing can be added any more. */
  void finish() {
    Tasks copying = begin("copy");
    copying.graph(g -> g.transferToDevice(DataTransferMode.EVERY_EXECUTION, pagePair));
    for (DeviceBlock b : blocks) {
      int size = DevicePages.TOKENS * b.keyDim();
      for (FloatArray cache : List.of(b.keys(), b.values())) {
        copying.add((g, id) -> g.task(id, DeviceAttention::copyPage, cache, pagePair, size));
      }
    }
    all.add(copying);
    copy = all.size();

    Tasks first = new Tasks(RESIDENT, scheduler, groups);
    first.graph(
        g ->
            g.transferToDevice(DataTransferMode.FIRST_EXECUTION, resident)
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, touched));
    first.add((g, id) -> g.task(id, DeviceRows::add, touched, touched, touched, 1, 1f));
    first.graph(g -> g.persistOnDevice(resident));
    List<ImmutableTaskGraph> graphs = new ArrayList<>();
    graphs.add(first.graph().snapshot());
    for (Tasks t : all) {
      graphs.add(t.graph().snapshot());
    }
    plan = new TornadoExecutionPlan(graphs.toArray(ImmutableTaskGraph[]::new));
    run(0);
  }

  private static Object[] once(List<Object> arrays) {
    Map<Object, Object> seen = new IdentityHashMap<>();
    return arrays.stream().filter(a -> seen.put(a, a) == null).toArray();
  }

  void runBlocks(Buffers b) {
    run(places.get(b));
  }

  void runHead() {
    run(head);
  }

  /** Copies a page of keys and values in all blocks; gives the second. */
  int copyPage(int from, int to) {
    pagePair.set(0, from);
    pagePair.set(1, to);
    run(copy);
    return to;
  }

  private void run(int graph) {
    plan.withGraph(graph).withGridScheduler(scheduler).execute();
  }

  void close() {
    try {
      plan.freeDeviceMemory();
      plan.close();
    } catch (TornadoExecutionPlanException e) {
      throw new IllegalStateException("TornadoVM could not free the device's memory", e);
    }
  }
}
