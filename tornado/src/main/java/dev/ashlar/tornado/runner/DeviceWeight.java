package dev.ashlar.tornado.runner;

import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.FrozenWeight;
import dev.ashlar.nn.layer.HalfWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tornado.kernel.DeviceHalfMatrix;
import dev.ashlar.tornado.kernel.DeviceMatrix;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * A matrix on the device: as codes, in 16 bits, or as floats.
 *
 * @param packed codes, or null
 * @param halves floats of 16 bits {@code [out, in]}, or null
 * @param dense floats {@code [out, in]}, or null
 */
record DeviceWeight(
    int out, int in, DeviceMatrix packed, DeviceHalfMatrix halves, FloatArray dense) {
  static DeviceWeight of(QuantizedMatrix codes) {
    return of(codes.out(), codes.in(), DeviceMatrix.of(codes));
  }

  private static DeviceWeight of(int out, int in, DeviceMatrix packed) {
    return new DeviceWeight(out, in, packed, null, null);
  }

  static DeviceWeight of(int out, int in, DeviceHalfMatrix halves) {
    return new DeviceWeight(out, in, null, halves, null);
  }

  static DeviceWeight of(int out, int in, FloatArray dense) {
    return new DeviceWeight(out, in, null, null, dense);
  }

  /**
   * Some rows of a matrix, in any order.
   *
   * @param rows which row of {@code weight} comes to a place
   * @param out how many places there are
   * @param powers the tables of 16-bit floats
   * @throws IllegalArgumentException if no kernel knows such a matrix
   */
  static DeviceWeight of(
      Weight weight, IntUnaryOperator rows, int out, Function<DType, FloatArray> powers) {
    int in = weight.in();
    return switch (weight) {
      case FrozenWeight f -> of(out, in, DeviceMatrix.of(f.matrix(), rows, out));
      case DenseWeight d -> floats(d.matrix().data(), rows, out, in);
      case HalfWeight h -> halves(h.matrix(), rows, out, powers);
      default -> throw new IllegalArgumentException("inputs are not rounded on a device");
    };
  }

  private static DeviceWeight floats(float[] from, IntUnaryOperator rows, int out, int in) {
    FloatArray to = new FloatArray(Math.multiplyExact(out, in));
    for (int o = 0; o < out; o++) {
      int row = rows.applyAsInt(o) * in;
      for (int i = 0; i < in; i++) {
        to.set(o * in + i, from[row + i]);
      }
    }
    return of(out, in, to);
  }

  private static DeviceWeight halves(
      HalfMatrix from, IntUnaryOperator rows, int out, Function<DType, FloatArray> powers) {
    int in = from.in();
    ShortArray to = new ShortArray(Math.multiplyExact(out, in));
    for (int o = 0; o < out; o++) {
      int row = rows.applyAsInt(o) * in;
      for (int i = 0; i < in; i++) {
        to.set(o * in + i, from.bits()[row + i]);
      }
    }
    return of(out, in, new DeviceHalfMatrix(from.type(), to, powers.apply(from.type())));
  }

  /** What a matrix is stored as. */
  private String kind() {
    if (packed != null) {
      return "codes";
    }
    return halves != null ? halves.type().name() : "floats";
  }

  /**
   * Matrices one behind the other.
   *
   * @throws IllegalArgumentException if they are not stored alike
   */
  static DeviceWeight stack(List<DeviceWeight> parts) {
    DeviceWeight first = parts.getFirst();
    int out = 0;
    for (DeviceWeight p : parts) {
      if (!p.kind().equals(first.kind())) {
        throw new IllegalArgumentException(
            first.kind() + " and " + p.kind() + " are not stacked on a device");
      }
      out = Math.addExact(out, p.out);
    }
    int in = first.in;
    if (first.packed != null) {
      return of(out, in, DeviceMatrix.stack(parts.stream().map(DeviceWeight::packed).toList()));
    }
    int size = Math.multiplyExact(out, in);
    int at = 0;
    if (first.halves != null) {
      ShortArray all = new ShortArray(size);
      for (DeviceWeight p : parts) {
        for (int i = 0; i < p.out * in; i++) {
          all.set(at++, p.halves.bits().get(i));
        }
      }
      return of(out, in, new DeviceHalfMatrix(first.halves.type(), all, first.halves.powers()));
    }
    FloatArray all = new FloatArray(size);
    for (DeviceWeight p : parts) {
      for (int i = 0; i < p.out * in; i++) {
        all.set(at++, p.dense.get(i));
      }
    }
    return of(out, in, all);
  }

  /** Everything that has to lie on the device. */
  void addArrays(List<Object> to) {
    if (packed != null) {
      to.addAll(List.of(packed.words(), packed.scales(), packed.minimums()));
    } else if (halves != null) {
      to.addAll(List.of(halves.bits(), halves.powers()));
    } else {
      to.add(dense);
    }
  }
}
