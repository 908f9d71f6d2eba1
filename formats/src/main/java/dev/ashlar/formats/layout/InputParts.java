package dev.ashlar.formats.layout;

import dev.ashlar.formats.checkpoint.StoredTensors;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.kernel.InputScale;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * The float beside a layer whose inputs are rounded by what they reach in calibration data: {@code
 * input_scale} where their scale is fixed, {@code input_global_scale} where it divides FP8 scales
 * of groups; F32 {@code [1]}, whatever the layout of the weights.
 */
public final class InputParts {
  private static final String SCALE = ".input_scale";
  private static final String GLOBAL = ".input_global_scale";

  private InputParts() {}

  /** The name of the float of a scheme that needs one. */
  static String name(String module, ActivationScheme inputs) {
    return module + (inputs.dynamic() ? GLOBAL : SCALE);
  }

  /**
   * What is written beside a matrix; nothing where scales come from the inputs themselves.
   *
   * @throws IllegalArgumentException if it is not known what the inputs reach
   */
  public static List<PackedTensor> of(String module, QuantizedMatrix tensor) {
    return tensor
        .inputs()
        .filter(ActivationScheme::needsLargest)
        .map(a -> one(name(module, a), InputScale.of(a)))
        .stream()
        .toList();
  }

  /** A float by itself. */
  static PackedTensor one(String name, float value) {
    byte[] bytes =
        ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array();
    return new PackedTensor(name, DType.F32, Shape.of(1), bytes);
  }

  /**
   * The scheme of a module with the float that is stored beside it.
   *
   * @throws InputException if there is none, or it is not one positive number
   */
  static Optional<ActivationScheme> read(
      StoredTensors tensors, String module, Optional<ActivationScheme> inputs) {
    if (inputs.isEmpty() || !inputs.get().needsLargest()) {
      return inputs;
    }
    String name = name(module, inputs.get());
    float stored =
        number(tensors, name)
            .orElseThrow(() -> fault(tensors, name, "the fixed scale of inputs", "none"));
    return Optional.of(InputScale.read(inputs.get(), stored));
  }

  /**
   * One positive number, or empty where there is no such tensor.
   *
   * @throws InputException if it is something else
   */
  static Optional<Float> number(StoredTensors tensors, String name) {
    Optional<StoredTensor> tensor = tensors.find(name);
    if (tensor.isEmpty()) {
      return Optional.empty();
    }
    if (tensor.get().shape().size() != 1) {
      throw fault(tensors, name, "one number", "shape " + tensor.get().shape());
    }
    float[] value = new float[1];
    tensor.get().read(0, value, 0, 1);
    if (!(value[0] > 0) || Float.isInfinite(value[0])) {
      throw fault(tensors, name, "a positive number", value[0] + "");
    }
    return Optional.of(value[0]);
  }

  private static InputException fault(
      StoredTensors tensors, String name, String expected, String found) {
    return InputException.in(tensors.path())
        .place(name)
        .expected(expected)
        .found(found)
        .exception();
  }
}
