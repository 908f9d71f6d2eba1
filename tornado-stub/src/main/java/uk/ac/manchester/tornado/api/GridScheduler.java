package uk.ac.manchester.tornado.api;

import java.util.HashMap;
import java.util.Map;

/** The grids of work items by {@code graph.task}. */
public class GridScheduler {
  private final Map<String, WorkerGrid> grids = new HashMap<>();

  public GridScheduler() {}

  public void addWorkerGrid(String taskName, WorkerGrid workerGrid) {
    grids.put(taskName, workerGrid);
  }

  public WorkerGrid get(String taskName) {
    return grids.get(taskName);
  }
}
