package dev.ashlar.tornado.runner;

import dev.ashlar.nn.device.DeviceKernels;
import dev.ashlar.tornado.graph.Plan;
import dev.ashlar.tornado.graph.Tasks;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A graph of one kernel, whose operands travel when it first runs and whose result travels when it
 * is asked for.
 */
final class KernelWork implements DeviceKernels.Work {
  /** Graphs that are alive at a time have different names. */
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final Plan plan;
  private final FloatArray result;
  private boolean hasRun;
  private long nanosToDevice;

  private KernelWork(Plan plan, FloatArray result) {
    this.plan = plan;
    this.result = result;
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
    operands.forEach(tasks::stays);
    tasks.stays(result);
    tasks.bringWhenAsked(result);
    kernel.accept(tasks);
    return new KernelWork(tasks.plan(), result);
  }

  @Override
  public void run() {
    if (hasRun) {
      plan.run();
    } else {
      nanosToDevice = plan.runTimed();
      hasRun = true;
    }
  }

  @Override
  public long nanosToDevice() {
    requireRun();
    return nanosToDevice;
  }

  private void requireRun() {
    if (!hasRun) {
      throw new IllegalStateException("the work has not been done yet");
    }
  }

  @Override
  public DeviceKernels.Result result() {
    requireRun();
    long start = System.nanoTime();
    plan.bring(result);
    long nanos = System.nanoTime() - start;
    return new DeviceKernels.Result(result.toHeapArray(), nanos);
  }

  @Override
  public void close() {
    plan.close();
  }
}
