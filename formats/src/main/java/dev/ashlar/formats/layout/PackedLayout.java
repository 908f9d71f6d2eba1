package dev.ashlar.formats.layout;

import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.List;
import java.util.Optional;

/**
 * One way of spelling a quantized matrix as tensors of a checkpoint. Implementations are stateless;
 * {@link Layouts#ALL} lists them.
 */
public interface PackedLayout {
  /** The name users and configuration files know it by. */
  String name();

  /**
   * Suffixes of the tensors that stand in for {@code module.weight}, for example {@code qweight}.
   */
  List<String> parts();

  /**
   * Why a matrix cannot be spelled in this layout, as one clause that completes "layout X…", or
   * empty if it can.
   */
  Optional<String> refusal(int out, int in, QuantScheme scheme);

  /** Whether groups may be of columns that do not lie side by side. */
  default boolean holdsReordered() {
    return parts().contains(GroupIndex.PART);
  }

  /**
   * An equal matrix whose zero points this layout can store; {@code tensor} itself where it already
   * is one.
   */
  default QuantizedMatrix storable(QuantizedMatrix tensor) {
    return tensor;
  }

  /**
   * The tensors to write for a matrix that is {@link #storable}.
   *
   * @param module module name without {@code .weight}
   * @throws IllegalArgumentException if {@link #refusal} names a reason, a zero point has no
   *     spelling here, or a scale is not finite in the layout's scale type
   */
  List<PackedTensor> pack(String module, QuantizedMatrix tensor);

  /**
   * What the stored shapes say, after every part's presence, type and shape was checked against the
   * others and against the declared scheme. Reads no data.
   *
   * @throws dev.ashlar.io.InputException if they contradict each other
   */
  PackedGeometry geometry(PackedModule packed, IntegerGrid declared);

  /**
   * The matrix.
   *
   * @throws dev.ashlar.io.InputException as {@link #geometry}, and for groups out of range and
   *     scales that are not finite
   */
  QuantizedMatrix unpack(PackedModule packed, IntegerGrid declared);
}
