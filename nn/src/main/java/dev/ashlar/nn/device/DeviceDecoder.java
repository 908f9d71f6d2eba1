package dev.ashlar.nn.device;

import dev.ashlar.nn.runner.Runner;

/**
 * A decoder on a device. Whatever the device fails at is a {@link DeviceException}; results are
 * never computed elsewhere in its place.
 */
public interface DeviceDecoder extends Runner, AutoCloseable {
  /** Frees the device's memory; the runner and its caches cannot be used any more. */
  @Override
  void close();
}
