package dev.ashlar.tornado.runner;

import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.WorkerGrid1D;

/** A task graph in the making, with the grids of its kernels of groups. */
final class Tasks {
  /** Work items of a group. */
  static final int ITEMS = 32;

  private final boolean groups;
  private final GridScheduler scheduler = new GridScheduler();
  private final KernelContext context = new KernelContext();
  private TaskGraph graph;
  private int count;
  private boolean grids;

  /**
   * An empty graph.
   *
   * @param groups whether kernels of groups are used where there are any: graphics processors need
   *     them to read side by side what lies side by side, processors run loops faster
   */
  Tasks(String name, boolean groups) {
    this.graph = new TaskGraph(name);
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

  /** Changes the graph. */
  void graph(UnaryOperator<TaskGraph> f) {
    graph = f.apply(graph);
  }

  TaskGraph graph() {
    return graph;
  }

  /** Adds a task that takes its grid from its loops. */
  void add(BiFunction<TaskGraph, String, TaskGraph> task) {
    graph = task.apply(graph, "t" + count++);
  }

  /** Adds a task of {@code number} groups of {@link #ITEMS} work items. */
  void addGroups(int number, BiFunction<TaskGraph, String, TaskGraph> task) {
    String id = "t" + count++;
    WorkerGrid1D grid = new WorkerGrid1D(number * ITEMS);
    grid.setLocalWork(ITEMS, 1, 1);
    grids = true;
    scheduler.addWorkerGrid(graph.getTaskGraphName() + "." + id, grid);
    graph = task.apply(graph, id);
  }
}
