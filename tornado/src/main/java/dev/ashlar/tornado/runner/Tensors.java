package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import dev.ashlar.tornado.kernel.DeviceHalfMatrix;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** Reads a checkpoint's tensors into arrays for the device. */
final class Tensors {
  private final DecoderSpec spec;
  private final WeightSource source;
  private final Map<DType, FloatArray> powers = new EnumMap<>(DType.class);

  Tensors(DecoderSpec spec, WeightSource source) {
    this.spec = spec;
    this.source = source;
  }

  /** A tensor by its complete name. */
  StoredTensor stored(String name) {
    return source.tensor(spec.storedName(name, source));
  }

  /** A vector with {@code offset} added to each element. */
  FloatArray plus(String name, int n, float offset) {
    StoredTensor t = stored(name);
    if (t.shape().size() != n) {
      throw source.fault(
          t.name(), n + " elements", "" + t.shape(), "the tensors and config.json differ");
    }
    float[] values = t.toTensor().data();
    FloatArray array = new FloatArray(n);
    for (int i = 0; i < n; i++) {
      array.set(i, values[i] + offset);
    }
    return array;
  }

  static FloatArray constant(int n, float value) {
    FloatArray array = new FloatArray(n);
    array.init(value);
    return array;
  }

  /**
   * A linear map that no block changes: a router's, or one of no block.
   *
   * @param parent the block, with a dot, or nothing
   */
  DeviceLinear linear(String parent, LinearSpec map) {
    String name = parent + map.name();
    FloatArray bias = map.bias() ? plus(name + ".bias", map.out(), 0) : null;
    Optional<QuantizedMatrix> codes = source.quantized(spec.storedName(name, source));
    if (codes.isPresent()) {
      require(name, map, codes.get().out(), codes.get().in());
      return new DeviceLinear(DeviceWeight.of(codes.get()), bias);
    }
    StoredTensor t = stored(name + ".weight");
    require(name, map, t.shape().dim(0), t.shape().dim(1));
    return new DeviceLinear(matrix(t), bias);
  }

  /** The table of 16-bit floats of a type, the same one for all. */
  FloatArray powers(DType type) {
    return powers.computeIfAbsent(type, DeviceHalfMatrix::powers);
  }

  /** A whole tensor as a matrix, in the codes or the 16 bits that the file has, else as floats. */
  DeviceWeight matrix(StoredTensor t) {
    Optional<QuantizedMatrix> codes = t.quantized();
    if (codes.isPresent()) {
      return DeviceWeight.of(codes.get());
    }
    int out = Math.toIntExact(t.shape().dim(0));
    int in = Math.toIntExact(t.shape().dim(1));
    if (!t.isHalf()) {
      return DeviceWeight.of(out, in, FloatArray.fromArray(t.toTensor().data()));
    }
    short[] bits = new short[Math.multiplyExact(out, in)];
    t.readHalves(0, bits, 0, bits.length);
    return DeviceWeight.of(
        out, in, new DeviceHalfMatrix(t.dtype(), ShortArray.fromArray(bits), powers(t.dtype())));
  }

  private void require(String name, LinearSpec map, long out, long in) {
    if (out != map.out() || in != map.in()) {
      throw source.fault(
          name,
          "[" + map.out() + ", " + map.in() + "]",
          "[" + out + ", " + in + "]",
          "the tensors and config.json are of different models");
    }
  }
}
