package dev.ashlar.tornado.graph;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;

/** Runs a graph of {@link Tasks}. The first run compiles it. Used by one thread. */
public final class Plan implements AutoCloseable {
  private final TornadoExecutionPlan plan;
  private final GridScheduler scheduler;
  private final boolean loads;
  private TornadoExecutionResult last;

  /**
   * @param scheduler null where no task has a grid
   * @param loads whether a graph that brings arrays is before the one that runs
   */
  Plan(TornadoExecutionPlan plan, GridScheduler scheduler, boolean loads) {
    this.plan = plan;
    this.scheduler = scheduler;
    this.loads = loads;
  }

  /**
   * Brings the arrays that are loaded to the device, as they are now; what was compiled stays. A
   * run that follows has what the last ones made of the arrays that stay.
   */
  public void load() {
    plan.withGraph(0).execute();
  }

  /** Runs all tasks, and waits until they are done. */
  public void run() {
    TornadoExecutionPlan chosen = loads ? plan.withGraph(1) : plan;
    last = scheduler == null ? chosen.execute() : chosen.withGridScheduler(scheduler).execute();
  }

  /**
   * {@link #run}, timed by the device's driver. Its events cost time, which no other run has.
   *
   * @return nanoseconds in which arrays came to the device
   */
  public long runTimed() {
    plan.withProfiler(ProfilerMode.SILENT);
    run();
    long nanos = last.getProfilerResult().getDeviceWriteTime();
    plan.withoutProfiler();
    return nanos;
  }

  /** Brings arrays of the last run that come back when they are asked for. */
  public void bring(Object... arrays) {
    last.transferToHost(arrays);
  }

  /**
   * Frees the device's memory.
   *
   * @throws IllegalStateException if that cannot be done
   */
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
