package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;

/** Runs task graphs; here as plain Java, each work item of a group in a thread of its own. */
public class TornadoExecutionPlan implements AutoCloseable {
  private final ImmutableTaskGraph[] graphs;
  private final GridScheduler scheduler;

  public TornadoExecutionPlan(ImmutableTaskGraph... immutableTaskGraphs) {
    this(immutableTaskGraphs, null);
  }

  private TornadoExecutionPlan(ImmutableTaskGraph[] graphs, GridScheduler scheduler) {
    this.graphs = graphs;
    this.scheduler = scheduler;
  }

  public TornadoExecutionPlan withGridScheduler(GridScheduler gridScheduler) {
    return new TornadoExecutionPlan(graphs, gridScheduler);
  }

  public TornadoExecutionPlan withGraph(int graphIndex) {
    return new TornadoExecutionPlan(new ImmutableTaskGraph[] {graphs[graphIndex]}, scheduler);
  }

  public TornadoExecutionPlan withProfiler(ProfilerMode profilerMode) {
    return this;
  }

  public TornadoExecutionPlan withoutProfiler() {
    return this;
  }

  public TornadoExecutionPlan freeDeviceMemory() {
    return this;
  }

  public TornadoExecutionResult execute() {
    for (ImmutableTaskGraph graph : graphs) {
      graph.steps().forEach(this::run);
    }
    return new TornadoExecutionResult();
  }

  private void run(TaskGraph.Step step) {
    if (!step.grouped()) {
      step.body().accept(null);
      return;
    }
    WorkerGrid grid = scheduler == null ? null : scheduler.get(step.id());
    if (grid == null) {
      throw new IllegalStateException("no grid is set for " + step.id());
    }
    long items = grid.getLocalWork()[0];
    WorkGroup.runAll(step.body(), (int) (grid.getGlobalWork()[0] / items), (int) items);
  }

  @Override
  public void close() throws TornadoExecutionPlanException {}
}
