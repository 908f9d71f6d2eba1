package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/**
 * A family of decoders: reads its kind of configuration, and knows how its tensors are named.
 *
 * <p>A family of another module is found if that module provides this interface as a service
 * ({@code provides dev.ashlar.nn.architecture.Architecture with …}, or a file in {@code
 * META-INF/services} on a class path). One that resembles a known family may change the
 * configuration and give it to that family's {@link #spec}.
 */
public interface Architecture {
  /** The {@code model_type} of its configurations. */
  String modelType();

  /**
   * What a configuration describes.
   *
   * @param config as {@link WeightSource#config()} gives it, or a section of that
   * @param source makes the exception for faults, and may be asked which tensors there are
   * @throws RuntimeException the source's own exception, naming the key at fault
   */
  DecoderSpec spec(Map<String, Object> config, WeightSource source);

  /**
   * What the loaders of packed weights call a tensor or module, where that is not what the family's
   * files call it.
   *
   * @param name complete, in any spelling that the family reads
   */
  default String loaded(String name) {
    return name;
  }

  /** What the files that the family publishes call a tensor or module. */
  default String published(String name) {
    return name;
  }
}
