package dev.ashlar.nn.device;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.devicetuning.DeviceTuner;
import dev.ashlar.tensor.kernel.Availability;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How devices that take whole decoders, and blocks to tune, offer themselves, through {@code
 * ServiceLoader}. A provider must load where there is no device, and says why; only whoever names
 * it gets it.
 */
public interface DeviceProvider {
  /**
   * A device.
   *
   * @param index from 0, as it is asked for
   * @param name for people
   * @param memory bytes that it has, if it says so
   * @param driver version of what drives it, as it says itself; may be empty
   */
  record Device(int index, String name, OptionalLong memory, String driver) {
    /** One whose driver says nothing of itself. */
    public Device(int index, String name, OptionalLong memory) {
      this(index, name, memory, "");
    }
  }

  /**
   * How a decoder is put onto a device.
   *
   * @param device its index
   * @param tokens that all sequences together may have
   * @param memory bytes of the device that it may take: blocks that do not fit, from the last one
   *     on, and a head that does not are computed on the processor, which {@link WeightSource#note}
   *     tells; empty for no limit
   */
  record Options(int device, int tokens, OptionalLong memory) {
    /** Without a limit of memory. */
    public Options(int device, int tokens) {
      this(device, tokens, OptionalLong.empty());
    }

    public Options {
      if (device < 0 || tokens < 1) {
        throw new IllegalArgumentException(
            "a device counts from 0 and takes at least a token: " + device + " and " + tokens);
      }
      if (memory.isPresent() && memory.getAsLong() < 1) {
        throw new IllegalArgumentException("no memory of a device: " + memory.getAsLong());
      }
    }
  }

  /** What it is asked for by, such as {@code tornado}. */
  String name();

  /**
   * Whether this process was started for its devices, so that one that is not there is missed.
   * Starts nothing.
   */
  default boolean isExpected() {
    return true;
  }

  /**
   * Whether there is a device in this process, with the reason in one line: its version and what
   * drives it, or what is missing and the step that would supply it. May start what drives devices,
   * which takes seconds, so nobody asks before a device is wanted. The same at every call; throws
   * nothing.
   */
  Availability availability();

  /** The devices, by index; none where it is {@linkplain Availability.Absent absent}. */
  List<Device> devices();

  /** Why none of its devices runs such a decoder, in one sentence; empty if they do. */
  Optional<String> refusal(DecoderSpec spec);

  /**
   * Puts a decoder onto a device.
   *
   * @param source is read for embeddings as long as the runner is used
   * @return the caller's to close; not thread-safe
   * @throws DeviceException if there is no such device, or it cannot take the decoder
   */
  DeviceDecoder open(DecoderSpec spec, WeightSource source, Options options);

  /**
   * Single kernels of a device, for measuring.
   *
   * @param device its index
   * @throws DeviceException if there is no such device, or the provider has no single kernels
   */
  default DeviceKernels kernels(int device) {
    throw new DeviceException(name() + " runs decoders only, and no single kernels");
  }

  /**
   * What tunes blocks on its first device, as {@link Devices#tuner} gives it; empty if nothing
   * does.
   */
  default Optional<DeviceTuner> tuner() {
    return Optional.empty();
  }
}
