package dev.ashlar.formats.gguf;

import static dev.ashlar.formats.gguf.GgufBlock.Words.half;
import static dev.ashlar.formats.gguf.GgufBlock.Words.word;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.Groups.SuperBlocks.Multiples;
import dev.ashlar.tensor.quant.Groups.SuperBlocks.Offset;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;

/**
 * Block types whose values are affine in their codes, taken apart instead of widened: {@link
 * SmallBlocks} and {@link SuperBlocks} say what they mean, and hold the bit layouts; {@link
 * WholeBlocks} are all of this kind.
 *
 * @param bits bits per code
 * @param group elements per scale
 * @param form what goes with the scales
 * @param zero the code of weight zero in the centered forms
 * @param split takes one block apart
 */
record AffineBlocks(int bits, int group, Form form, int zero, Split split) {
  /** What a file has beside codes and scales. */
  enum Form {
    /** One zero point for all. */
    CENTERED,
    /** A minimum for each scale. */
    MINIMUMS,
    /** Scales in two levels, one zero point for all. */
    SUPER_CENTERED,
    /** Scales and minimums in two levels. */
    SUPER_MINIMUMS
  }

  /**
   * Where blocks are taken apart to.
   *
   * @param codes one per element
   * @param scales one per block in two levels, else per group
   * @param minimums one per block, or null
   * @param scaleFactors one per group, or null
   * @param minimumFactors one per group, or null
   */
  record Target(
      byte[] codes, float[] scales, float[] minimums, byte[] scaleFactors, byte[] minimumFactors) {}

  /** Takes the block that begins at {@code src[from]} apart, to the {@code b}-th place. */
  @FunctionalInterface
  interface Split {
    void split(byte[] src, int from, Target target, int b);
  }

  /** Bytes read at a time. */
  private static final int CHUNK_BYTES = 1 << 18;

  private static final long LOW_NIBBLES = 0x0F0F0F0F0F0F0F0FL;
  private static final long SIGN_BITS = 0x8080808080808080L;
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final int HALF = 16;
  private static final int SIZE = 256;

  /** How the type comes apart, or empty if its values are of another kind. */
  static Optional<AffineBlocks> of(GgufType type) {
    AffineBlocks blocks =
        switch (type) {
          case Q4_0 -> new AffineBlocks(4, 32, Form.CENTERED, 8, AffineBlocks::q4_0);
          case Q4_1 -> new AffineBlocks(4, 32, Form.MINIMUMS, 0, AffineBlocks::q4_1);
          case Q5_0 -> new AffineBlocks(5, 32, Form.CENTERED, 16, AffineBlocks::q5_0);
          case Q5_1 -> new AffineBlocks(5, 32, Form.MINIMUMS, 0, AffineBlocks::q5_1);
          case Q8_0 -> new AffineBlocks(8, 32, Form.CENTERED, 128, AffineBlocks::q8_0);
          case Q2_K -> new AffineBlocks(2, 16, Form.SUPER_MINIMUMS, 0, AffineBlocks::q2k);
          case Q3_K -> new AffineBlocks(3, 16, Form.SUPER_CENTERED, 4, AffineBlocks::q3k);
          case Q4_K -> new AffineBlocks(4, 32, Form.SUPER_MINIMUMS, 0, AffineBlocks::q4k);
          case Q5_K -> new AffineBlocks(5, 32, Form.SUPER_MINIMUMS, 0, AffineBlocks::q5k);
          case Q6_K -> new AffineBlocks(6, 16, Form.SUPER_CENTERED, 32, AffineBlocks::q6k);
          default -> type.block() instanceof WholeBlocks whole ? of(whole) : null;
        };
    return Optional.ofNullable(blocks);
  }

  private static AffineBlocks of(WholeBlocks w) {
    int groups = w.elements() / w.group();
    Split split =
        (src, from, t, b) ->
            w.split().split(src, from, t.codes, w.elements() * b, t.scales, groups * b);
    return new AffineBlocks(w.bits(), w.group(), Form.CENTERED, w.zero(), split);
  }

  /**
   * A matrix of such blocks.
   *
   * @param type the blocks' type
   * @param read reads bytes {@code [from, from + count)} of the matrix into an array's start
   */
  QuantizedMatrix matrix(int out, int in, GgufType type, Reader read) {
    int blocks = in / type.elements();
    Target target = target(Math.multiplyExact(out, in), out * blocks);
    int rowBytes = Math.multiplyExact(blocks, type.bytes());
    int rows = Math.clamp(CHUNK_BYTES / Math.max(1, rowBytes), 1, Math.max(1, out));
    Parallel.rows(
        out,
        rows,
        (from, to) -> {
          byte[] raw = new byte[Math.multiplyExact(rows, rowBytes)];
          for (int o = from; o < to; o += rows) {
            int count = Math.min(rows, to - o);
            read.read((long) o * rowBytes, raw, count * rowBytes);
            for (int b = 0; b < count * blocks; b++) {
              split.split(raw, b * type.bytes(), target, o * blocks + b);
            }
          }
        });
    return new QuantizedMatrix(out, in, new Codes.Integers(bits, target.codes), groups(target));
  }

  private Target target(int elements, int blocks) {
    boolean minimums = form == Form.MINIMUMS || form == Form.SUPER_MINIMUMS;
    boolean nested = form == Form.SUPER_CENTERED || form == Form.SUPER_MINIMUMS;
    return new Target(
        new byte[elements],
        new float[nested ? blocks : elements / group],
        minimums ? new float[blocks] : null,
        nested ? new byte[elements / group] : null,
        nested && minimums ? new byte[elements / group] : null);
  }

  private Groups groups(Target t) {
    return switch (form) {
      case CENTERED -> {
        byte[] zeros = new byte[t.scales.length];
        Arrays.fill(zeros, (byte) zero);
        boolean middle = zero == 1 << (bits - 1);
        yield new Groups.ZeroPoints(new IntegerGrid(bits, group, middle), t.scales, zeros);
      }
      case MINIMUMS -> new Groups.Minimums(group, t.scales, t.minimums);
      case SUPER_CENTERED -> twoLevels(t, new Offset.ZeroPoint(zero));
      case SUPER_MINIMUMS ->
          twoLevels(t, new Offset.Below(new Multiples(t.minimums, t.minimumFactors)));
    };
  }

  private Groups twoLevels(Target t, Offset offset) {
    return new Groups.SuperBlocks(
        group, SIZE / group, new Multiples(t.scales, t.scaleFactors), offset);
  }

  /** Reads a range of bytes; called by several threads. */
  @FunctionalInterface
  interface Reader {
    void read(long from, byte[] target, int count);
  }

  private static void nibbles(byte[] src, int at, byte[] codes, int to) {
    for (int j = 0; j < HALF; j += Long.BYTES) {
      long pairs = (long) LONGS.get(src, at + j);
      LONGS.set(codes, to + j, pairs & LOW_NIBBLES);
      LONGS.set(codes, to + j + HALF, pairs >>> 4 & LOW_NIBBLES);
    }
  }

  private static void fifthBits(int high, byte[] codes, int to) {
    for (int j = 0; j < 2 * HALF; j++) {
      codes[to + j] |= (byte) ((high >>> j & 1) << 4);
    }
  }

  private static void q4_0(byte[] src, int from, Target t, int b) {
    t.scales[b] = half(src, from);
    nibbles(src, from + 2, t.codes, 2 * HALF * b);
  }

  private static void q4_1(byte[] src, int from, Target t, int b) {
    t.scales[b] = half(src, from);
    t.minimums[b] = half(src, from + 2);
    nibbles(src, from + 4, t.codes, 2 * HALF * b);
  }

  private static void q5_0(byte[] src, int from, Target t, int b) {
    t.scales[b] = half(src, from);
    nibbles(src, from + 6, t.codes, 2 * HALF * b);
    fifthBits(word(src, from + 2), t.codes, 2 * HALF * b);
  }

  private static void q5_1(byte[] src, int from, Target t, int b) {
    t.scales[b] = half(src, from);
    t.minimums[b] = half(src, from + 2);
    nibbles(src, from + 8, t.codes, 2 * HALF * b);
    fifthBits(word(src, from + 4), t.codes, 2 * HALF * b);
  }

  private static void q8_0(byte[] src, int from, Target t, int b) {
    t.scales[b] = half(src, from);
    int to = 2 * HALF * b;
    for (int j = 0; j < 2 * HALF; j += Long.BYTES) {
      LONGS.set(t.codes, to + j, (long) LONGS.get(src, from + 2 + j) ^ SIGN_BITS);
    }
  }

  private static void q2k(byte[] src, int from, Target t, int b) {
    t.scales[b] = half(src, from + 80);
    t.minimums[b] = half(src, from + 82);
    for (int sub = 0; sub < 16; sub++) {
      t.scaleFactors[16 * b + sub] = (byte) (src[from + sub] & 15);
      t.minimumFactors[16 * b + sub] = (byte) (src[from + sub] >> 4 & 15);
    }
    for (int i = 0; i < SIZE; i++) {
      t.codes[SIZE * b + i] = (byte) SuperBlocks.twoBits(src, from + 16, i);
    }
  }

  private static void q3k(byte[] src, int from, Target t, int b) {
    t.scales[b] = half(src, from + 108);
    for (int sub = 0; sub < 16; sub++) {
      t.scaleFactors[16 * b + sub] = (byte) SuperBlocks.scale3(src, from + 96, sub);
    }
    for (int i = 0; i < SIZE; i++) {
      int bit = src[from + i % 32] >> i / 32 & 1;
      t.codes[SIZE * b + i] = (byte) (SuperBlocks.twoBits(src, from + 32, i) + 4 * bit);
    }
  }

  private static void q4k(byte[] src, int from, Target t, int b) {
    superScales(src, from, t, b);
    superNibbles(src, from + 16, t.codes, SIZE * b);
  }

  private static void q5k(byte[] src, int from, Target t, int b) {
    superScales(src, from, t, b);
    superNibbles(src, from + 48, t.codes, SIZE * b);
    for (int i = 0; i < SIZE; i++) {
      t.codes[SIZE * b + i] |= (byte) ((src[from + 16 + i % 32] >> i / 32 & 1) << 4);
    }
  }

  private static void superScales(byte[] src, int from, Target t, int b) {
    t.scales[b] = half(src, from);
    t.minimums[b] = half(src, from + 2);
    for (int sub = 0; sub < 8; sub++) {
      t.scaleFactors[8 * b + sub] = (byte) SuperBlocks.scale(src, from + 4, sub);
      t.minimumFactors[8 * b + sub] = (byte) SuperBlocks.min(src, from + 4, sub);
    }
  }

  private static void superNibbles(byte[] src, int at, byte[] codes, int to) {
    for (int i = 0; i < SIZE; i++) {
      codes[to + i] = (byte) (src[at + i / 64 * 32 + i % 32] >> 4 * (i / 32 & 1) & 15);
    }
  }

  private static void q6k(byte[] src, int from, Target t, int b) {
    t.scales[b] = half(src, from + 208);
    System.arraycopy(src, from + 192, t.scaleFactors, 16 * b, 16);
    for (int i = 0; i < SIZE; i++) {
      t.codes[SIZE * b + i] = (byte) SuperBlocks.code6(src, from, i);
    }
  }
}
