package dev.ashlar.tuning.autoscheme;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.SuperGrid;
import dev.ashlar.tensor.quant.Unquantized;

/** How many bits a matrix takes under a scheme. */
final class SchemeBits {
  private SchemeBits() {}

  /**
   * Of a layer {@code [out, in]}.
   *
   * @param bare whether scales and zero points are left out
   */
  static long of(QuantScheme scheme, long out, long in, boolean bare) {
    return switch (scheme) {
      case Unquantized u -> QuantScheme.FLOAT_BITS * out * in;
      case SuperGrid g -> {
        long bits = g.bits() * out * in;
        long block = (long) g.perBlock() * (g.scaleBits() + g.minimumBits());
        long floats = g.symmetric() ? 16 : 32;
        yield bare ? bits : bits + out * in / g.blockSize() * (block + floats);
      }
      case FileBlocks b -> Byte.SIZE * out * in * b.bytes() / b.elements();
      case IntegerGrid g -> {
        long scale = g.scaleType() == DType.F16 ? 16 : 32;
        long group = scale + (g.symmetric() ? 0 : g.bits());
        yield g.bits() * out * in + (bare ? 0 : groups(g.groupSize(), out, in) * group);
      }
      case FloatGrid g -> {
        long bits = g.element().bits() * out * in;
        yield bare ? bits : bits + groups(g.blockSize(), out, in) * scaleBits(g) + wholeBits(g);
      }
    };
  }

  /** Scales of a matrix whose groups are of {@code size}: −1 for rows, 0 for all of it. */
  private static long groups(int size, long out, long in) {
    return size == 0 ? 1 : out * (size < 0 ? 1 : Math.ceilDiv(in, size));
  }

  private static int scaleBits(FloatGrid grid) {
    return switch (grid.scale()) {
      case E8M0, E4M3 -> 8;
      case F16, BF16 -> 16;
      case F32 -> 32;
    };
  }

  /** Of the float beside FP8 scales. */
  private static int wholeBits(FloatGrid grid) {
    return grid.scale() == FloatGrid.Scale.E4M3 ? 32 : 0;
  }
}
