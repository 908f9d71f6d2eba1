package dev.ashlar.tornado.runner;

import java.util.function.BiFunction;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.WorkerGrid1D;

/** A task graph in the making, with the grids of its kernels of groups. */
final class Tasks {
  /** Work items of a group. */
  static final int ITEMS = 32;

  private final boolean groups;
  private final GridScheduler scheduler;
  private final KernelContext context = new KernelContext();
  private TaskGraph graph;
  private int count;

  /**
   * An empty graph.
   *
   * @param scheduler receives the grids
   * @param groups whether kernels of groups are used where there are any: graphics processors need
   *     them to read side by side what lies side by side, processors run loops faster
   */
  Tasks(String name, GridScheduler scheduler, boolean groups) {
    this.graph = new TaskGraph(name);
    this.scheduler = scheduler;
    this.groups = groups;
  }

  boolean usesGroups() {
    return groups;
  }

  KernelContext context() {
    return context;
  }

  /** Changes the graph. */
  void graph(java.util.function.UnaryOperator<TaskGraph> f) {
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
    scheduler.addWorkerGrid(graph.getTaskGraphName() + "." + id, grid);
    graph = task.apply(graph, id);
  }
}
