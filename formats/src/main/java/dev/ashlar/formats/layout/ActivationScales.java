package dev.ashlar.formats.layout;

import dev.ashlar.formats.checkpoint.StoredTensors;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What AutoAWQ's files have beside the first map of a feed-forward part without a gate: a divisor
 * for each output of the activation function, F16 {@code [out]}. Loaders put it there for the
 * families below whether a file has it or not, so that ones are written; others are not applied
 * here and are refused.
 */
public final class ActivationScales {
  private static final short ONE = Float.floatToFloat16(1);

  /**
   * Where it is.
   *
   * @param before the last name of the map before the function
   * @param function the last name of the function
   */
  private record Place(String before, String function) {
    /** What its tensor is called in the part that has both. */
    String tensor() {
      return function + ".scales";
    }
  }

  private static final Map<String, Place> OF_TYPE =
      Map.of(
          "bloom", new Place("dense_h_to_4h", "gelu_impl"),
          "falcon", new Place("dense_h_to_4h", "act"),
          "gpt_bigcode", new Place("c_fc", "act"),
          "gpt_neox", new Place("dense_h_to_4h", "act"),
          "gptj", new Place("fc_in", "act"),
          "mpt", new Place("up_proj", "act"),
          "starcoder2", new Place("c_fc", "act"));

  private ActivationScales() {}

  /**
   * What is written beside a matrix.
   *
   * @param type the configuration's {@code model_type}, or anything else
   */
  public static List<PackedTensor> of(Object type, String module, QuantizedMatrix tensor) {
    Place place = type instanceof String known ? OF_TYPE.get(known) : null;
    if (place == null || !module.endsWith("." + place.before())) {
      return List.of();
    }
    String parent = module.substring(0, module.length() - place.before().length());
    ByteBuffer ones =
        ByteBuffer.allocate(Short.BYTES * tensor.out()).order(ByteOrder.LITTLE_ENDIAN);
    while (ones.hasRemaining()) {
      ones.putShort(ONE);
    }
    String name = parent + place.tensor();
    return List.of(new PackedTensor(name, DType.F16, Shape.of(tensor.out()), ones.array()));
  }

  /**
   * The names of those that are stored.
   *
   * @throws InputException if one divides by anything but 1
   */
  static Set<String> read(StoredTensors tensors) {
    Set<String> found = new LinkedHashSet<>();
    for (String name : tensors.names()) {
      if (OF_TYPE.values().stream().anyMatch(p -> name.endsWith("." + p.tensor()))) {
        found.add(name);
        other(tensors.find(name).orElseThrow())
            .ifPresent(
                value -> {
                  throw InputException.in(tensors.path())
                      .place(name)
                      .expected("ones")
                      .found(
                          value
                              + "; divisors of an activation function are not applied here: take"
                              + " the checkpoint in another format, or the model as floats")
                      .exception();
                });
      }
    }
    return found;
  }

  private static Optional<Float> other(StoredTensor t) {
    if (!t.dtype().isFloat()) {
      return Optional.of(Float.NaN);
    }
    float[] values = new float[Math.toIntExact(t.shape().size())];
    t.read(0, values, 0, values.length);
    for (float v : values) {
      if (v != 1) {
        return Optional.of(v);
      }
    }
    return Optional.empty();
  }
}
