package dev.ashlar.engine;

import dev.ashlar.engine.device.DeviceSpeed;
import dev.ashlar.engine.device.SpeedFile;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.nn.device.Devices;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * How a model comes to a device.
 *
 * @param devices that there may be, asked only where none of the processor's backends is named
 * @param measured what is known of the speed of one, asked only where no backend is named
 * @param listener hears which one is taken by itself, or why not
 */
record DeviceAccess(
    Supplier<Devices> devices, Supplier<Optional<DeviceSpeed>> measured, JobListener listener) {
  /** The process's devices, and what the user had measured. */
  static DeviceAccess ofProcess(JobListener listener) {
    return new DeviceAccess(Devices::ofProcess, () -> SpeedFile.read(SpeedFile.ofUser()), listener);
  }

  /** No device by itself. */
  static DeviceAccess byName(Supplier<Devices> devices) {
    return new DeviceAccess(devices, Optional::empty, JobListener.SILENT);
  }
}
