package dev.ashlar.formats.layout;

import dev.ashlar.formats.checkpoint.CheckpointNotes;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.Map;
import java.util.Optional;

/**
 * The stored parts of one packed linear map, with the checks every layout makes of them.
 *
 * @param file the checkpoint's description, for messages
 * @param module module name without {@code .weight}
 * @param parts stored tensors by suffix ({@code qweight}, {@code scales}…)
 * @param notes where decisions that a user should hear of are told
 */
public record PackedModule(
    String file, String module, Map<String, StoredTensor> parts, CheckpointNotes notes) {
  /** The part, if stored. */
  Optional<StoredTensor> find(String part) {
    return Optional.ofNullable(parts.get(part));
  }

  /** The part, checked for presence, element type and rank. */
  StoredTensor part(String part, int rank, DType... types) {
    StoredTensor tensor = parts.get(part);
    if (tensor == null) {
      throw fault(part, "a tensor beside the other packed parts", "none", "the file is incomplete");
    }
    for (DType type : types) {
      if (tensor.dtype() == type && tensor.storage().equals(type.name())) {
        if (tensor.shape().rank() != rank || tensor.shape().size() == 0) {
          throw fault(part, rank + " non-empty dimensions", tensor.shape().toString(), "");
        }
        return tensor;
      }
    }
    throw fault(part, "type " + join(types), tensor.storage(), "");
  }

  private static String join(DType[] types) {
    StringBuilder text = new StringBuilder(types[0].name());
    for (int i = 1; i < types.length; i++) {
      text.append(" or ").append(types[i].name());
    }
    return text.toString();
  }

  /** The fault of a part whose shape is not the expected one, or empty if it is. */
  Optional<InputException> shapeFault(String part, String reason, long... expected) {
    Shape found = parts.get(part).shape();
    Shape wanted = Shape.of(expected);
    return found.equals(wanted)
        ? Optional.empty()
        : Optional.of(fault(part, "shape " + wanted + " (" + reason + ")", found.toString(), ""));
  }

  /** The fault of a matrix whose codes no Java array could hold. */
  Optional<InputException> sizeFault(String part, long out, long in) {
    // Both factors are element counts of stored tensors, so their product in double is telling.
    return (double) in * out <= Integer.MAX_VALUE - 8
        ? Optional.empty()
        : Optional.of(fault(part, "fewer than 2^31 weights", "[" + out + ", " + in + "]", ""));
  }

  /** Tells that shapes count where they contradict the declared scheme. */
  void believe(IntegerGrid stored, IntegerGrid declared) {
    notes.tell(
        "scheme contradicted",
        module
            + " is declared "
            + declared
            + " but its shapes say "
            + stored
            + "; believing the tensors");
  }

  /** Throws what {@link #shapeFault} and {@link #sizeFault} found; for {@code ifPresent}. */
  static void raise(InputException fault) {
    throw fault;
  }

  /** A fault of this module's part. */
  InputException fault(String part, String expected, String found, String hint) {
    return InputException.in(file)
        .place(module + "." + part)
        .expected(expected)
        .found(found)
        .hint(hint)
        .exception();
  }
}
