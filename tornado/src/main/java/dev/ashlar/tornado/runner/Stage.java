package dev.ashlar.tornado.runner;

import java.util.function.UnaryOperator;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;

/** A graph and the plan that runs it. */
record Stage(Tasks tasks, TornadoExecutionPlan plan) implements AutoCloseable {
  /**
   * A graph that has not run yet.
   *
   * @param before adds what is transferred to the device
   * @param after adds what comes back
   */
  static Stage of(Tasks tasks, UnaryOperator<TaskGraph> before, UnaryOperator<TaskGraph> after) {
    TaskGraph graph = tasks.graph(before, after);
    return new Stage(tasks, new TornadoExecutionPlan(graph.snapshot()));
  }

  void run() {
    if (tasks.hasGrids()) {
      plan.withGridScheduler(tasks.scheduler()).execute();
    } else {
      plan.execute();
    }
  }

  /** Frees the device's memory. */
  @Override
  public void close() {
    try {
      plan.freeDeviceMemory();
      plan.close();
    } catch (TornadoExecutionPlanException e) {
      throw new IllegalStateException("TornadoVM could not free the device's memory", e);
    }
  }
}
