package dev.ashlar.formats.gguf.writing;

import dev.ashlar.formats.gguf.GgufType;
import dev.ashlar.formats.gguf.encode.SuperEncoders;
import dev.ashlar.tensor.blocks.FittedBlock;
import dev.ashlar.tensor.blocks.Row;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.SuperGrid;
import java.util.Arrays;
import java.util.Optional;

/**
 * Codes of a quantized matrix as blocks hold them: nothing is rounded but a scale that was none of
 * half precision, and the minimum {@code −scale · zero} of types that have one.
 *
 * <pre>
 *   Q4_0, Q5_0   codes around one zero point, moved to 8 or 16; d = scale
 *   Q8_0         code − zero where that fits a signed byte; d = scale
 *   Q4_1, Q5_1   codes with any zero points or minimums; d = scale, m = −scale · zero
 *   Q2_K … Q6_K  codes, scales and minimums of their own grids
 *   MXFP4        codes of E2M1 with powers of two as scales
 * </pre>
 *
 * Groups may be wider than a block, whose scales are then repeated.
 */
public final class CarriedCodes {
  private static final int BLOCK = 32;

  private final QuantizedMatrix matrix;
  private final GgufType type;

  private CarriedCodes(QuantizedMatrix matrix, GgufType type) {
    this.matrix = matrix;
    this.type = type;
  }

  /** The matrix's codes in blocks of a type; empty if the type cannot hold them. */
  public static Optional<CarriedCodes> of(QuantizedMatrix matrix, GgufType type) {
    if (isSuper(matrix, type)) {
      return Optional.of(new CarriedCodes(matrix, type));
    }
    boolean inOrder = matrix.groupOfColumn() == null && matrix.outliers().isEmpty();
    if (!inOrder || matrix.in() % BLOCK != 0 || !wholeBlocks(matrix)) {
      return Optional.empty();
    }
    boolean holds =
        switch (type) {
          case Q4_0 -> centered(matrix, 4);
          case Q5_0 -> centered(matrix, 5);
          case Q4_1 -> lowest(matrix, 4);
          case Q5_1 -> lowest(matrix, 5);
          case Q8_0 -> bytes(matrix);
          case MXFP4 -> powers(matrix);
          default -> false;
        };
    return holds ? Optional.of(new CarriedCodes(matrix, type)) : Optional.empty();
  }

  private static boolean isSuper(QuantizedMatrix matrix, GgufType type) {
    return matrix.groups() instanceof Groups.SuperBlocks blocks
        && matrix.groupOfColumn() == null
        && matrix.outliers().isEmpty()
        && type.levels().equals(matrix.described())
        && blocks.offset().equals(zero(type.levels().get()).orElse(blocks.offset()));
  }

  /** The one offset that a grid without minimums has. */
  private static Optional<Groups.SuperBlocks.Offset> zero(SuperGrid grid) {
    return grid.symmetric()
        ? Optional.of(new Groups.SuperBlocks.Offset.ZeroPoint(grid.middle()))
        : Optional.empty();
  }

  private static boolean wholeBlocks(QuantizedMatrix matrix) {
    int size = matrix.groups().size(matrix.in());
    return size >= matrix.in() || size % BLOCK == 0;
  }

  private static boolean centered(QuantizedMatrix matrix, int bits) {
    if (!(matrix.codes() instanceof Codes.Integers codes)
        || !(matrix.groups() instanceof Groups.ZeroPoints groups)
        || codes.bits() > bits) {
      return false;
    }
    byte middle = (byte) (1 << codes.bits() - 1);
    for (byte zero : groups.zeros()) {
      if (zero != middle) {
        return false;
      }
    }
    return true;
  }

  private static boolean lowest(QuantizedMatrix matrix, int bits) {
    boolean offset =
        matrix.groups() instanceof Groups.ZeroPoints || matrix.groups() instanceof Groups.Minimums;
    return offset && matrix.codes() instanceof Codes.Integers codes && codes.bits() <= bits;
  }

  private static boolean bytes(QuantizedMatrix matrix) {
    if (!(matrix.codes() instanceof Codes.Integers codes)
        || !(matrix.groups() instanceof Groups.ZeroPoints groups)) {
      return false;
    }
    int most = (1 << codes.bits()) - 1;
    for (byte zero : groups.zeros()) {
      if ((zero & 0xFF) > 128 || most - (zero & 0xFF) > 127) {
        return false;
      }
    }
    return true;
  }

  private static boolean powers(QuantizedMatrix matrix) {
    if (!(matrix.codes() instanceof Codes.Table codes)
        || !(matrix.groups() instanceof Groups.Scales groups)
        || groups.size(matrix.in()) != BLOCK
        || !Arrays.equals(codes.table(), FloatFormat.E2M1.table())) {
      return false;
    }
    for (float scale : groups.scales()) {
      boolean power = (Float.floatToRawIntBits(scale) & 0x807FFFFF) == 0;
      if (!power || scale < Float.MIN_NORMAL) {
        return false;
      }
    }
    return true;
  }

  /** Writes a row's blocks. */
  public void row(int o, byte[] dst, int to) {
    if (matrix.groups() instanceof Groups.SuperBlocks blocks) {
      superBlocks(o, blocks, type.levels().orElseThrow(), dst, to);
      return;
    }
    int in = matrix.in();
    byte[] values = matrix.codes().values();
    int[] codes = new int[BLOCK];
    for (int b = 0; b < in / BLOCK; b++) {
      int from = o * in + b * BLOCK;
      for (int j = 0; j < BLOCK; j++) {
        codes[j] = values[from + j] & 0xFF;
      }
      int group = o * matrix.groupsPerRow() + matrix.group(b * BLOCK);
      block(group, codes, dst, to + b * type.bytes());
    }
  }

  private void superBlocks(int o, Groups.SuperBlocks blocks, SuperGrid grid, byte[] dst, int to) {
    int perRow = matrix.in() / grid.blockSize();
    int[] codes = new int[grid.blockSize()];
    int[] scales = new int[grid.perBlock()];
    int[] minimums = new int[grid.perBlock()];
    for (int b = 0; b < perRow; b++) {
      int at = o * perRow + b;
      for (int i = 0; i < codes.length; i++) {
        codes[i] = matrix.codes().values()[at * codes.length + i];
      }
      float below = 0;
      for (int j = 0; j < scales.length; j++) {
        scales[j] = blocks.scales().factors()[at * scales.length + j];
        if (blocks.offset() instanceof Groups.SuperBlocks.Offset.Below lows) {
          minimums[j] = lows.below().factors()[at * scales.length + j];
          below = lows.below().bases()[at];
        }
      }
      FittedBlock block =
          new FittedBlock(blocks.scales().bases()[at], below, scales, minimums, codes);
      SuperEncoders.put(grid, block, dst, to + b * type.bytes());
    }
  }

  private void block(int group, int[] codes, byte[] dst, int to) {
    float scale = matrix.groups().scale(group);
    switch (type) {
      case Q4_0 -> {
        half(dst, to, scale);
        move(codes, 8 - (1 << matrix.codes().bits() - 1));
        nibbles(codes, dst, to + 2);
      }
      case Q5_0 -> {
        half(dst, to, scale);
        move(codes, 16 - (1 << matrix.codes().bits() - 1));
        fifths(codes, dst, to + 2);
        nibbles(codes, dst, to + 6);
      }
      case Q4_1 -> {
        half(dst, to, scale);
        half(dst, to + 2, matrix.groups().weight(group, 0));
        nibbles(codes, dst, to + 4);
      }
      case Q5_1 -> {
        half(dst, to, scale);
        half(dst, to + 2, matrix.groups().weight(group, 0));
        fifths(codes, dst, to + 4);
        nibbles(codes, dst, to + 8);
      }
      case Q8_0 -> {
        half(dst, to, scale);
        int zero = ((Groups.ZeroPoints) matrix.groups()).zeros()[group] & 0xFF;
        for (int j = 0; j < BLOCK; j++) {
          dst[to + 2 + j] = (byte) (codes[j] - zero);
        }
      }
      case MXFP4 -> {
        dst[to] = (byte) (Math.getExponent(scale) + 127);
        nibbles(codes, dst, to + 1);
      }
      default -> throw new IllegalStateException(type + " carries no codes");
    }
  }

  private static void move(int[] codes, int by) {
    for (int j = 0; j < BLOCK; j++) {
      codes[j] += by;
    }
  }

  private static void half(byte[] dst, int at, float value) {
    int bits = Float.floatToFloat16(value);
    dst[at] = (byte) bits;
    dst[at + 1] = (byte) (bits >> 8);
  }

  private static void nibbles(int[] codes, byte[] dst, int at) {
    for (int j = 0; j < BLOCK / 2; j++) {
      dst[at + j] = (byte) (codes[j] & 15 | (codes[j + BLOCK / 2] & 15) << 4);
    }
  }

  private static void fifths(int[] codes, byte[] dst, int at) {
    for (int j = 0; j < BLOCK; j += Byte.SIZE) {
      int bits = 0;
      for (int k = 0; k < Byte.SIZE; k++) {
        bits |= (codes[j + k] >> 4 & 1) << k;
      }
      dst[at + j / Byte.SIZE] = (byte) bits;
    }
  }

  /**
   * Row {@code o} as floats with the grid that it lies on, for types that take scales of their own:
   * where the grid is not one of steps and lowest values, without.
   *
   * @param values the row, outliers included
   * @param importance what an error in a column counts, or null
   */
  public static Row known(QuantizedMatrix matrix, int o, float[] values, float[] importance) {
    int size = matrix.groups().size(matrix.in());
    boolean grid =
        matrix.groupOfColumn() == null
            && matrix.codes() instanceof Codes.Integers
            && (size >= matrix.in() || size % Row.STRETCH == 0)
            && (matrix.groups() instanceof Groups.ZeroPoints
                || matrix.groups() instanceof Groups.Minimums);
    if (!grid) {
      return new Row(values, importance);
    }
    int last = (1 << matrix.codes().bits()) - 1;
    float[] steps = new float[Math.ceilDiv(matrix.in(), Row.STRETCH)];
    float[] lows = new float[steps.length];
    for (int i = 0; i < steps.length; i++) {
      int group = o * matrix.groupsPerRow() + matrix.group(i * Row.STRETCH);
      float scale = matrix.groups().scale(group);
      steps[i] = Math.abs(scale);
      lows[i] = matrix.groups().weight(group, scale < 0 ? last : 0);
    }
    return new Row(values, importance, steps, lows);
  }
}
