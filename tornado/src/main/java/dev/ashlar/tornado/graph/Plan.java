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
  private TornadoExecutionResult last;

  /**
   * @param scheduler null where no task has a grid
   */
  Plan(TornadoExecutionPlan plan, GridScheduler scheduler) {
    this.plan = plan;
    this.scheduler = scheduler;
  }

  /** Runs all tasks, and waits until they are done. */
  public void run() {
    last = scheduler == null ? plan.execute() : plan.withGridScheduler(scheduler).execute();
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
