package dev.ashlar.tornado.tuner;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The tasks of one iteration in their order, with the arrays that stay on the device. */
final class Steps {
  private final List<BiFunction<TaskGraph, String, TaskGraph>> tasks = new ArrayList<>();
  private final Map<Object, Object> resident = new IdentityHashMap<>();
  private final List<Object> inOrder = new ArrayList<>();

  /** Adds a task, which takes its grid from its loops. */
  void add(BiFunction<TaskGraph, String, TaskGraph> task) {
    tasks.add(task);
  }

  /** An array that is brought to the device once; some task has to use it. */
  <T> T stays(T array) {
    if (resident.put(array, array) == null) {
      inOrder.add(array);
    }
    return array;
  }

  /** Zeros that stay on the device. */
  FloatArray zeros(int n) {
    return stays(FloatArray.fromArray(new float[n]));
  }

  /**
   * The graph.
   *
   * @param sent arrays that go to the device at each execution
   * @param returned arrays that come back at each
   * @param asked arrays that come back when they are asked for
   */
  ImmutableTaskGraph graph(String name, Object[] sent, Object[] returned, Object[] asked) {
    TaskGraph graph =
        new TaskGraph(name)
            .transferToDevice(DataTransferMode.FIRST_EXECUTION, inOrder.toArray())
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, sent);
    int count = 0;
    for (BiFunction<TaskGraph, String, TaskGraph> task : tasks) {
      graph = task.apply(graph, "t" + count++);
    }
    return graph
        .transferToHost(DataTransferMode.EVERY_EXECUTION, returned)
        .transferToHost(DataTransferMode.UNDER_DEMAND, asked)
        .snapshot();
  }
}
