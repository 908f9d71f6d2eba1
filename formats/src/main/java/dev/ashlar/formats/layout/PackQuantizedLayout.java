package dev.ashlar.formats.layout;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * compressed-tensors' {@code pack-quantized} (docs/formats.md, compressed-tensors): each row of
 * codes is a dense bit stream.
 *
 * <pre>
 * weight_packed     I32 [out, ⌈in·b/32⌉]     stream of row o = codes of output o, input 0 first
 * weight_scale      F16 [out, groups]
 * weight_shape      I64 [2]                  out, in
 * weight_zero_point I32 [⌈out·b/32⌉, groups] asymmetric: stream of column g = zero points, output 0 first
 * weight_g_idx      I32 [in]                 read only: the group of each input, else k / g
 * </pre>
 *
 * <p>Codes and zero points are offset by {@code 2^(b−1)} there, so that the streams hold the same
 * unsigned numbers as everywhere here. Of 3, 5, 6 and 7 bits older files have as many whole values
 * in a word as fit; the number of words tells.
 */
public final class PackQuantizedLayout implements PackedLayout {
  private static final String PACKED = "weight_packed";
  private static final String SHAPE = "weight_shape";
  private static final String ZEROS = "weight_zero_point";
  private static final String GROUPS = "weight_g_idx";

  /** Rows that one task packs. */
  private static final int ROWS = 16;

  PackQuantizedLayout() {}

  @Override
  public String name() {
    return "pack-quantized";
  }

  @Override
  public List<String> parts() {
    return List.of(PACKED, CompressedScales.PART, SHAPE, ZEROS, GROUPS);
  }

  @Override
  public Optional<String> refusal(int out, int in, QuantScheme scheme) {
    return CompressedScales.refusal(in, scheme);
  }

  @Override
  public List<PackedTensor> pack(String module, QuantizedMatrix tensor) {
    CompressedScales.require(name(), module, tensor);
    List<PackedTensor> parts = new ArrayList<>(4);
    parts.add(packCodes(module, tensor));
    parts.add(CompressedScales.pack(module, tensor));
    parts.add(PlainParts.longs(module, SHAPE, tensor.out(), tensor.in()));
    if (!tensor.scheme().symmetric()) {
      parts.add(packZeros(module, tensor));
    }
    return parts;
  }

  private static PackedTensor packCodes(String module, QuantizedMatrix tensor) {
    int bits = tensor.scheme().bits();
    int in = tensor.in();
    int columns = Math.toIntExact(BitStream.words(in, bits));
    int[] words = new int[Math.multiplyExact(tensor.out(), columns)];
    byte[] codes = tensor.codes().values();
    Parallel.rows(
        tensor.out(),
        ROWS,
        (from, to) -> {
          for (int o = from; o < to; o++) {
            BitStream.pack(codes, o * in, 1, in, bits, words, o * columns);
          }
        });
    return PlainParts.ints(module, PACKED, Shape.of(tensor.out(), columns), words);
  }

  private static PackedTensor packZeros(String module, QuantizedMatrix tensor) {
    int bits = tensor.scheme().bits();
    int groups = tensor.groupsPerRow();
    int rows = Math.toIntExact(BitStream.words(tensor.out(), bits));
    byte[] zeros = tensor.zeroPoints().zeros();
    WordGrid grid = WordGrid.zeros(rows, groups);
    grid.writeColumns(
        (g, words, from) -> BitStream.pack(zeros, g, groups, tensor.out(), bits, words, from));
    return new PackedTensor(module + "." + ZEROS, DType.I32, Shape.of(rows, groups), grid.bytes());
  }

  @Override
  public PackedGeometry geometry(PackedModule packed, IntegerGrid declared) {
    Shape codes = packed.part(PACKED, 2, DType.I32).shape();
    // The one tensor that is read for this: the last word may hold fewer codes than fit.
    long[] shape = PlainParts.longs(packed, SHAPE, 2);
    long out = codes.dim(0);
    long in = shape[1];
    int bits = in > 0 && shape[0] == out ? bits(codes.dim(1), in, declared.bits()) : 0;
    if (bits == 0) {
      throw packed.fault(
          SHAPE,
          "the shape of " + declared.bits() + "-bit codes in words " + codes,
          "[" + shape[0] + ", " + shape[1] + "]",
          "");
    }
    PackedGeometry geometry =
        CompressedScales.geometry(
            packed,
            out,
            in,
            declared,
            new IntegerGrid(bits, declared.groupSize(), declared.symmetric()));
    if (packed.find(ZEROS).isPresent() || !declared.symmetric()) {
      long rows = packed.part(ZEROS, 2, DType.I32).shape().dim(0);
      // Rows of either spelling will do; a third number is held against the one that is written.
      long expected = rows == loose(out, bits) ? rows : BitStream.words(out, bits);
      packed
          .shapeFault(ZEROS, geometry.scheme() + "", expected, geometry.groups())
          .ifPresent(PackedModule::raise);
    }
    return geometry;
  }

  /** The width of codes that takes so many words, the declared one if it does; 0 if none does. */
  private static int bits(long words, long in, int declared) {
    if (words == BitStream.words(in, declared) || words == loose(in, declared)) {
      return declared;
    }
    for (int bits = 2; bits <= Byte.SIZE; bits++) {
      if (words == BitStream.words(in, bits)) {
        return bits;
      }
    }
    return 0;
  }

  /** Words for whole values only. */
  private static long loose(long count, int bits) {
    return Math.ceilDiv(count, Integer.SIZE / bits);
  }

  @Override
  public QuantizedMatrix unpack(PackedModule packed, IntegerGrid declared) {
    PackedGeometry geometry = geometry(packed, declared);
    int bits = geometry.scheme().bits();
    int out = geometry.out();
    int in = geometry.in();
    int[] words = PlainParts.ints(packed, PACKED);
    int columns = words.length / out;
    boolean dense = columns == BitStream.words(in, bits);
    byte[] codes = new byte[out * in];
    Parallel.rows(
        out,
        ROWS,
        (from, to) -> {
          for (int o = from; o < to; o++) {
            unpack(words, o * columns, in, bits, dense, codes, o * in, 1);
          }
        });
    return CompressedScales.matrix(packed, geometry, codes, zeros(packed, geometry))
        .withGroupOfColumn(GroupIndex.unpack(packed, GROUPS, geometry));
  }

  private static byte[] zeros(PackedModule packed, PackedGeometry geometry) {
    int bits = geometry.scheme().bits();
    int out = geometry.out();
    int groups = geometry.groups();
    if (packed.find(ZEROS).isEmpty()) {
      return CompressedScales.middles(geometry);
    }
    byte[] zeros = new byte[out * groups];
    WordGrid grid = WordGrid.read(packed.part(ZEROS, 2, DType.I32));
    boolean dense = grid.rows() == BitStream.words(out, bits);
    grid.readColumns((g, words, from) -> unpack(words, from, out, bits, dense, zeros, g, groups));
    return zeros;
  }

  private static void unpack(
      int[] words,
      int wordFrom,
      int count,
      int bits,
      boolean dense,
      byte[] codes,
      int from,
      int stride) {
    if (dense) {
      BitStream.unpack(words, wordFrom, count, bits, codes, from, stride);
      return;
    }
    int perWord = Integer.SIZE / bits;
    int mask = (1 << bits) - 1;
    for (int i = 0; i < count; i++) {
      int word = words[wordFrom + i / perWord];
      codes[from + i * stride] = (byte) (word >>> i % perWord * bits & mask);
    }
  }
}
