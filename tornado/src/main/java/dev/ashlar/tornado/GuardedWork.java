package dev.ashlar.tornado;

import dev.ashlar.nn.device.DeviceKernels.Result;
import dev.ashlar.nn.device.DeviceKernels.Work;
import java.util.function.Supplier;

/**
 * A kernel on a device whose faults are sentences.
 *
 * @param work that is done
 */
record GuardedWork(Work work) implements Work {
  @Override
  public void run() {
    guarded(
        () -> {
          work.run();
          return work;
        });
  }

  @Override
  public long nanosToDevice() {
    return work.nanosToDevice();
  }

  @Override
  public Result result() {
    return guarded(work::result);
  }

  private static <T> T guarded(Supplier<T> what) {
    return DeviceFaults.guarded("at a kernel", what);
  }

  @Override
  public void close() {
    work.close();
  }
}
