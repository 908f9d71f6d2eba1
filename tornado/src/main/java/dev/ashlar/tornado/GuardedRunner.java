package dev.ashlar.tornado;

import dev.ashlar.nn.device.DeviceDecoder;
import dev.ashlar.nn.device.DeviceException;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * A decoder on a device whose faults are sentences.
 *
 * @param decoder that does the work
 */
record GuardedRunner(DeviceDecoder decoder) implements DeviceDecoder {
  @Override
  public int dim() {
    return decoder.dim();
  }

  @Override
  public int vocab() {
    return decoder.vocab();
  }

  @Override
  public SequenceCache newCache() {
    return decoder.newCache();
  }

  @Override
  public Tensor hidden(List<Part> batch, BooleanSupplier cancelled) {
    return guarded("at the blocks", () -> decoder.hidden(batch, cancelled));
  }

  @Override
  public Tensor head(Tensor hidden) {
    return guarded("at the head", () -> decoder.head(hidden));
  }

  private static <T> T guarded(String what, Supplier<T> work) {
    try {
      return DeviceFaults.guarded(what, work);
    } catch (IllegalStateException full) {
      throw new DeviceException(full.getMessage(), full);
    }
  }

  @Override
  public void close() {
    decoder.close();
  }
}
