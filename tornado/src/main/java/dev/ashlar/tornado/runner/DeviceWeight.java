package dev.ashlar.tornado.runner;

import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.FrozenWeight;
import dev.ashlar.nn.layer.HalfWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tornado.kernel.DeviceMatrix;
import java.util.List;
import java.util.function.IntUnaryOperator;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A matrix on the device: as codes or as floats.
 *
 * @param packed codes, or null
 * @param dense floats {@code [out, in]}, or null
 */
record DeviceWeight(int out, int in, DeviceMatrix packed, FloatArray dense) {
  /** A row of floats. */
  private interface Row {
    void read(int o, float[] row);
  }

  static DeviceWeight of(QuantizedMatrix codes) {
    return new DeviceWeight(codes.out(), codes.in(), DeviceMatrix.of(codes), null);
  }

  static DeviceWeight of(int out, int in, float[] values) {
    return new DeviceWeight(out, in, null, FloatArray.fromArray(values));
  }

  static DeviceWeight of(Weight weight) {
    return of(weight, IntUnaryOperator.identity(), weight.out());
  }

  /**
   * Some rows of a matrix, in any order.
   *
   * @param rows which row of {@code weight} comes to a place
   * @param out how many places there are
   * @throws IllegalArgumentException if no kernel knows such a matrix
   */
  static DeviceWeight of(Weight weight, IntUnaryOperator rows, int out) {
    int in = weight.in();
    return switch (weight) {
      case FrozenWeight f ->
          new DeviceWeight(out, in, DeviceMatrix.of(f.matrix(), rows, out), null);
      case DenseWeight d ->
          floats(
              (o, row) -> System.arraycopy(d.matrix().data(), o * in, row, 0, in), rows, out, in);
      case HalfWeight h -> floats((o, row) -> h.matrix().readRow(o, row, 0), rows, out, in);
      default -> throw new IllegalArgumentException("inputs are not rounded on a device");
    };
  }

  private static DeviceWeight floats(Row source, IntUnaryOperator rows, int out, int in) {
    FloatArray to = new FloatArray(Math.multiplyExact(out, in));
    float[] row = new float[in];
    for (int o = 0; o < out; o++) {
      source.read(rows.applyAsInt(o), row);
      for (int i = 0; i < in; i++) {
        to.set(o * in + i, row[i]);
      }
    }
    return new DeviceWeight(out, in, null, to);
  }

  /**
   * Matrices one behind the other.
   *
   * @throws IllegalArgumentException if they are not stored alike
   */
  static DeviceWeight stack(List<DeviceWeight> parts) {
    int in = parts.getFirst().in();
    if (parts.stream().allMatch(p -> p.packed != null)) {
      DeviceMatrix all = DeviceMatrix.stack(parts.stream().map(DeviceWeight::packed).toList());
      return new DeviceWeight(all.out(), in, all, null);
    }
    if (parts.stream().anyMatch(p -> p.packed != null)) {
      throw new IllegalArgumentException("codes and floats are not stacked on a device");
    }
    int out = 0;
    for (DeviceWeight p : parts) {
      out = Math.addExact(out, p.out);
    }
    FloatArray all = new FloatArray(Math.multiplyExact(out, in));
    int at = 0;
    for (DeviceWeight p : parts) {
      for (int i = 0; i < p.dense.getSize(); i++) {
        all.set(at++, p.dense.get(i));
      }
    }
    return new DeviceWeight(out, in, null, all);
  }

  /** Everything that has to lie on the device. */
  void addArrays(List<Object> to) {
    if (packed != null) {
      to.addAll(List.of(packed.words(), packed.scales(), packed.minimums()));
    } else {
      to.add(dense);
    }
  }
}
