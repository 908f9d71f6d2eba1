package dev.ashlar.tornado.graph;

import dev.ashlar.tornado.kernel.DeviceBatch;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Tasks of a graph in the making, in their order, with the grids of its kernels of groups and the
 * arrays that travel. An array travels in one way: what is named twice keeps the first.
 */
public final class Tasks {
  /** Work items of a group. */
  public static final int ITEMS = 32;

  /** What the name of a graph that brings arrays ends with. */
  private static final String LOADING = "load";

  /** Tasks that TornadoVM takes in a graph. */
  private static final int MOST = 256;

  private final String name;
  private final boolean groups;
  private final GridScheduler scheduler = new GridScheduler();
  private final KernelContext context = new KernelContext();
  private final List<UnaryOperator<TaskGraph>> tasks = new ArrayList<>();
  private final Set<Object> toDevice = Collections.newSetFromMap(new IdentityHashMap<>());
  private final List<Object> staying = new ArrayList<>();
  private final List<Object> loaded = new ArrayList<>();
  private final List<Object> sent = new ArrayList<>();
  private final List<Object> returned = new ArrayList<>();
  private final List<Object> asked = new ArrayList<>();
  private boolean grids;

  /**
   * No tasks.
   *
   * @param name that no other graph has as long as this one is in use
   * @param groups whether kernels of groups are used where there are any: graphics processors need
   *     them to read side by side what lies side by side, processors run loops faster
   */
  public Tasks(String name, boolean groups) {
    this.name = name;
    this.groups = groups;
  }

  /** Whether kernels of groups are used where there are any. */
  public boolean usesGroups() {
    return groups;
  }

  /** The first argument of kernels of groups. */
  public KernelContext context() {
    return context;
  }

  /** Adds a task that takes its grid from its loops. */
  public void add(BiFunction<TaskGraph, String, TaskGraph> task) {
    String id = "t" + tasks.size();
    tasks.add(g -> task.apply(g, id));
  }

  /** Adds a task of {@code number} groups of {@link #ITEMS} work items. */
  public void addGroups(int number, BiFunction<TaskGraph, String, TaskGraph> task) {
    addGroups(number, ITEMS, task);
  }

  /** The same of {@code number} groups of {@code items} work items. */
  public void addGroups(int number, int items, BiFunction<TaskGraph, String, TaskGraph> task) {
    WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(number, items));
    grid.setLocalWork(items, 1, 1);
    grids = true;
    scheduler.addWorkerGrid(name + ".t" + tasks.size(), grid);
    add(task);
  }

  /** An array that is brought to the device by the first run, and stays there. */
  public <T> T stays(T array) {
    toDevice(staying, array);
    return array;
  }

  /** Zeros that stay on the device. */
  public FloatArray zeros(int n) {
    return stays(FloatArray.fromArray(new float[n]));
  }

  /**
   * An array that goes to the device when it is {@linkplain Plan#load told} to, for the first time
   * before the first run, and stays there meanwhile.
   */
  public <T> T loads(T array) {
    toDevice(loaded, array);
    return array;
  }

  /** An array that goes to the device in each run. */
  public void send(Object array) {
    toDevice(sent, array);
  }

  private void toDevice(List<Object> list, Object array) {
    if (toDevice.add(array)) {
      list.add(array);
    }
  }

  /** An array that comes back in each run. */
  public void bringBack(Object array) {
    returned.add(array);
  }

  /** An array that comes back when it is {@linkplain Plan#bring asked for}. */
  public void bringWhenAsked(Object array) {
    asked.add(array);
  }

  /**
   * The plan that runs them; nothing is added afterwards.
   *
   * @throws IllegalStateException if they are more than TornadoVM takes
   */
  public Plan plan() {
    if (tasks.size() > MOST) {
      throw new IllegalStateException(
          tasks.size() + " tasks in the graph " + name + "; TornadoVM takes " + MOST);
    }
    TaskGraph graph = new TaskGraph(name);
    if (!loaded.isEmpty()) {
      graph = graph.consumeFromDevice(name + LOADING, loaded.toArray());
    }
    if (!staying.isEmpty()) {
      graph = graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, staying.toArray());
    }
    if (!sent.isEmpty()) {
      graph = graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, sent.toArray());
    }
    for (UnaryOperator<TaskGraph> task : tasks) {
      graph = task.apply(graph);
    }
    if (!returned.isEmpty()) {
      graph = graph.transferToHost(DataTransferMode.EVERY_EXECUTION, returned.toArray());
    }
    if (!asked.isEmpty()) {
      graph = graph.transferToHost(DataTransferMode.UNDER_DEMAND, asked.toArray());
    }
    // A plan refuses a scheduler that has no grid for its graph.
    GridScheduler used = grids ? scheduler : null;
    return loaded.isEmpty()
        ? new Plan(new TornadoExecutionPlan(graph.snapshot()), used, false)
        : new Plan(new TornadoExecutionPlan(loading().snapshot(), graph.snapshot()), used, true);
  }

  /** The graph that brings arrays and leaves them to the other; one without a task is refused. */
  private TaskGraph loading() {
    IntArray count = IntArray.fromArray(new int[1]);
    return new TaskGraph(name + LOADING)
        .transferToDevice(DataTransferMode.EVERY_EXECUTION, loaded.toArray())
        .transferToDevice(DataTransferMode.EVERY_EXECUTION, count)
        .task("t0", DeviceBatch::count, count, 1)
        .persistOnDevice(loaded.toArray());
  }
}
