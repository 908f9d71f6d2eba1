package dev.ashlar.tornado.runner;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.WorkerGrid1D;

/**
 * Tasks of a graph in the making, with the grids of its kernels of groups. What is transferred
 * before them is known only when all of them are there.
 */
final class Tasks {
  /** Work items of a group. */
  static final int ITEMS = 32;

  /** Tasks that TornadoVM takes in a graph. */
  private static final int MOST = 256;

  private final String name;
  private final boolean groups;
  private final GridScheduler scheduler = new GridScheduler();
  private final KernelContext context = new KernelContext();
  private final List<UnaryOperator<TaskGraph>> tasks = new ArrayList<>();
  private boolean grids;

  /**
   * No tasks.
   *
   * @param groups whether kernels of groups are used where there are any: graphics processors need
   *     them to read side by side what lies side by side, processors run loops faster
   */
  Tasks(String name, boolean groups) {
    this.name = name;
    this.groups = groups;
  }

  boolean usesGroups() {
    return groups;
  }

  /** Whether any task has a grid; a plan refuses a scheduler that has none for its graph. */
  boolean hasGrids() {
    return grids;
  }

  GridScheduler scheduler() {
    return scheduler;
  }

  KernelContext context() {
    return context;
  }

  /**
   * The graph.
   *
   * @param before adds what is transferred to the device
   * @param after adds what comes back
   */
  TaskGraph graph(UnaryOperator<TaskGraph> before, UnaryOperator<TaskGraph> after) {
    if (tasks.size() > MOST) {
      throw new IllegalStateException(tasks.size() + " tasks in the graph " + name);
    }
    TaskGraph graph = before.apply(new TaskGraph(name));
    for (UnaryOperator<TaskGraph> task : tasks) {
      graph = task.apply(graph);
    }
    return after.apply(graph);
  }

  /** Adds a task that takes its grid from its loops. */
  void add(BiFunction<TaskGraph, String, TaskGraph> task) {
    String id = "t" + tasks.size();
    tasks.add(g -> task.apply(g, id));
  }

  /** Adds a task of {@code number} groups of {@link #ITEMS} work items. */
  void addGroups(int number, BiFunction<TaskGraph, String, TaskGraph> task) {
    addGroups(number, ITEMS, task);
  }

  /** The same of {@code number} groups of {@code items} work items. */
  void addGroups(int number, int items, BiFunction<TaskGraph, String, TaskGraph> task) {
    WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(number, items));
    grid.setLocalWork(items, 1, 1);
    grids = true;
    scheduler.addWorkerGrid(name + ".t" + tasks.size(), grid);
    add(task);
  }
}
