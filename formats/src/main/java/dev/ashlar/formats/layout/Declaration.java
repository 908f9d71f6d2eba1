package dev.ashlar.formats.layout;

/**
 * One way in which {@code quantization_config} declares packed weights; {@link Declarations#ALL}
 * lists them. Implementations are stateless.
 */
public interface Declaration {
  /** The {@code quant_method} it is known by. */
  String method();

  /** Whether a configuration of that method, in lower case, is one of these. */
  default boolean reads(String method) {
    return method.equals(method());
  }

  /**
   * What the configuration declares.
   *
   * @throws dev.ashlar.io.InputException naming the key that is wrong or not supported
   */
  PackedPlan plan(QuantizationConfig config);
}
