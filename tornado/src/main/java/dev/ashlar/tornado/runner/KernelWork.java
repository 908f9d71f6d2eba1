package dev.ashlar.tornado.runner;

import dev.ashlar.nn.device.DeviceKernels;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A graph of one kernel, whose operands travel when it first runs and whose result travels when it
 * is asked for.
 */
final class KernelWork implements DeviceKernels.Work {
  /** Graphs that are alive at a time have different names. */
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final Tasks tasks;
  private final TornadoExecutionPlan plan;
  private final FloatArray result;
  private TornadoExecutionResult last;
  private long nanosToDevice;

  private KernelWork(Tasks tasks, TornadoExecutionPlan plan, FloatArray result) {
    this.tasks = tasks;
    this.result = result;
    this.plan = plan;
  }

  /**
   * Work that has not run yet.
   *
   * @param groups whether kernels of groups are used where there are any
   * @param operands all arrays of the kernel but the result
   * @param kernel adds the task
   */
  static KernelWork of(
      boolean groups, FloatArray result, List<Object> operands, Consumer<Tasks> kernel) {
    Tasks tasks = new Tasks("kernel" + COUNT.getAndIncrement(), groups);
    List<Object> arrays = new ArrayList<>(operands);
    arrays.add(result);
    kernel.accept(tasks);
    TaskGraph graph =
        tasks.graph(
            g -> g.transferToDevice(DataTransferMode.FIRST_EXECUTION, arrays.toArray()),
            g -> g.transferToHost(DataTransferMode.UNDER_DEMAND, result));
    return new KernelWork(tasks, new TornadoExecutionPlan(graph.snapshot()), result);
  }

  @Override
  public void run() {
    boolean first = last == null;
    if (first) {
      plan.withProfiler(ProfilerMode.SILENT);
    }
    last = tasks.hasGrids() ? plan.withGridScheduler(tasks.scheduler()).execute() : plan.execute();
    if (first) {
      nanosToDevice = last.getProfilerResult().getDeviceWriteTime();
      // Its events cost time, which is nobody else's.
      plan.withoutProfiler();
    }
  }

  @Override
  public long nanosToDevice() {
    requireRun();
    return nanosToDevice;
  }

  private void requireRun() {
    if (last == null) {
      throw new IllegalStateException("the work has not been done yet");
    }
  }

  @Override
  public DeviceKernels.Result result() {
    requireRun();
    long start = System.nanoTime();
    last.transferToHost(result);
    long nanos = System.nanoTime() - start;
    return new DeviceKernels.Result(result.toHeapArray(), nanos);
  }

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
