package dev.ashlar.formats.layout;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The {@code g_idx} tensor, I32 {@code [in]}: the group of each input channel. It is {@code k / g}
 * unless columns were quantized in order of their importance ("act-order").
 */
final class GroupIndex {
  /** Suffix of the tensor. */
  static final String PART = "g_idx";

  private GroupIndex() {}

  /** The tensor to write. */
  static PackedTensor pack(String module, QuantizedMatrix tensor) {
    int in = tensor.in();
    ByteBuffer bytes = ByteBuffer.allocate(in * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int k = 0; k < in; k++) {
      bytes.putInt(tensor.group(k));
    }
    return new PackedTensor(module + "." + PART, DType.I32, Shape.of(in), bytes.array());
  }

  /**
   * The group of each input, or null where it is {@code k / g}: no such tensor, one that says just
   * that, or one that is all zero although there are several groups (what some tools leave in files
   * without act-order, and what would leave every other group's scales unused).
   */
  static int[] unpack(PackedModule packed, PackedGeometry geometry) {
    return unpack(packed, PART, geometry);
  }

  /** The same of a tensor of another name. */
  static int[] unpack(PackedModule packed, String part, PackedGeometry geometry) {
    if (packed.find(part).isEmpty()) {
      return null;
    }
    StoredTensor stored = packed.part(part, 1, DType.I32);
    packed
        .shapeFault(part, geometry.in() + " inputs", geometry.in())
        .ifPresent(PackedModule::raise);
    byte[] raw = new byte[geometry.in() * Integer.BYTES];
    stored.readBytes(0, raw, 0, raw.length);
    ByteBuffer bytes = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
    int[] groups = new int[geometry.in()];
    int g = geometry.scheme().effectiveGroup(geometry.in());
    boolean ordinary = true;
    boolean zero = true;
    for (int k = 0; k < groups.length; k++) {
      groups[k] = bytes.getInt();
      if (groups[k] < 0 || groups[k] >= geometry.groups()) {
        throw packed.fault(
            part,
            "groups from 0 to " + (geometry.groups() - 1),
            "group " + groups[k] + " for input " + k,
            "");
      }
      ordinary &= groups[k] == k / g;
      zero &= groups[k] == 0;
    }
    if (zero && !ordinary) {
      packed
          .notes()
          .tell(
              "g_idx all zero",
              packed.module() + "." + part + " is all zero; reading the groups in order instead");
    }
    return ordinary || zero ? null : groups;
  }
}
