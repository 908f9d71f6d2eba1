package dev.ashlar.tornado.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.UnaryOperator;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Runs one kernel: as plain Java by the stand-in, or on the device where the tests were started
 * with TornadoVM. Either way it is held against the reference.
 */
final class DeviceTesting {
  private static final String GRAPH = "test";

  private DeviceTesting() {}

  /**
   * A kernel with loops marked parallel.
   *
   * @param task adds the task to a graph
   * @param arrays all arrays of the task
   */
  static void run(UnaryOperator<TaskGraph> task, Object... arrays) {
    execute(task, null, arrays);
  }

  /** A kernel of groups: {@code groups} of {@code items} work items; the task's name is "k". */
  static void runGroups(int groups, int items, UnaryOperator<TaskGraph> task, Object... arrays) {
    WorkerGrid1D grid = new WorkerGrid1D(groups * items);
    grid.setLocalWork(items, 1, 1);
    GridScheduler scheduler = new GridScheduler();
    scheduler.addWorkerGrid(GRAPH + ".k", grid);
    execute(task, scheduler, arrays);
  }

  private static void execute(
      UnaryOperator<TaskGraph> task, GridScheduler scheduler, Object[] arrays) {
    TaskGraph graph =
        new TaskGraph(GRAPH).transferToDevice(DataTransferMode.EVERY_EXECUTION, arrays);
    graph = task.apply(graph).transferToHost(DataTransferMode.EVERY_EXECUTION, arrays);
    try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
      if (scheduler == null) {
        plan.execute();
      } else {
        plan.withGridScheduler(scheduler).execute();
      }
    } catch (TornadoExecutionPlanException e) {
      throw new IllegalStateException(e);
    }
  }

  static FloatArray device(float[] values) {
    return FloatArray.fromArray(values);
  }

  /** Floats in [−scale, scale). */
  static float[] floats(Random random, int n, float scale) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (random.nextFloat() * 2 - 1) * scale;
    }
    return x;
  }

  /** Every element within {@code relative} of its own magnitude plus {@code absolute}. */
  static void assertClose(
      float[] expected, FloatArray found, double relative, double absolute, String what) {
    assertEquals(expected.length, found.getSize(), what);
    for (int i = 0; i < expected.length; i++) {
      float e = expected[i];
      float f = found.get(i);
      int at = i;
      assertTrue(
          Math.abs((double) e - f) <= relative * Math.abs(e) + absolute,
          () -> what + " at " + at + ": expected " + e + ", found " + f);
    }
  }
}
