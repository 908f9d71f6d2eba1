package dev.ashlar.formats.gguf;

import static dev.ashlar.formats.gguf.GgufBlock.Words.half;
import static dev.ashlar.formats.gguf.GgufBlock.Words.word;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.quant.AffineGroups;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * Block types whose values are {@code scale · code + minimum}, taken apart instead of widened:
 * {@link SmallBlocks} and {@link SuperBlocks} say what they mean, and hold the bit layouts.
 *
 * @param bits bits per code
 * @param group elements per scale and minimum
 * @param split takes one block apart
 */
record AffineBlocks(int bits, int group, Split split) {
  /** Takes the block that begins at {@code src[from]} apart. */
  @FunctionalInterface
  interface Split {
    /**
     * @param codes takes the block's codes from {@code to} on
     * @param scales takes its groups' scales from {@code g} on
     * @param minimums takes its groups' minimums from {@code g} on
     */
    void split(byte[] src, int from, byte[] codes, int to, float[] scales, float[] minimums, int g);
  }

  /** Bytes read at a time: each read of a mapped file asks for its length first. */
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
          case Q4_0 -> new AffineBlocks(4, 32, AffineBlocks::q4_0);
          case Q4_1 -> new AffineBlocks(4, 32, AffineBlocks::q4_1);
          case Q5_0 -> new AffineBlocks(5, 32, AffineBlocks::q5_0);
          case Q5_1 -> new AffineBlocks(5, 32, AffineBlocks::q5_1);
          case Q8_0 -> new AffineBlocks(8, 32, AffineBlocks::q8_0);
          case Q2_K -> new AffineBlocks(2, 16, AffineBlocks::q2k);
          case Q3_K -> new AffineBlocks(3, 16, AffineBlocks::q3k);
          case Q4_K -> new AffineBlocks(4, 32, AffineBlocks::q4k);
          case Q5_K -> new AffineBlocks(5, 32, AffineBlocks::q5k);
          case Q6_K -> new AffineBlocks(6, 16, AffineBlocks::q6k);
          default -> null;
        };
    return Optional.ofNullable(blocks);
  }

  /**
   * A matrix of such blocks.
   *
   * @param type the blocks' type
   * @param read reads bytes {@code [from, from + count)} of the matrix into an array's start
   */
  AffineGroups matrix(int out, int in, GgufType type, Reader read) {
    byte[] codes = new byte[Math.multiplyExact(out, in)];
    float[] scales = new float[codes.length / group];
    float[] minimums = new float[codes.length / group];
    int blocks = in / type.elements();
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
            int at = o * in;
            for (int b = 0; b < count * blocks; b++, at += type.elements()) {
              split.split(raw, b * type.bytes(), codes, at, scales, minimums, at / group);
            }
          }
        });
    return new AffineGroups(out, in, bits, group, codes, scales, minimums);
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

  private static void q4_0(
      byte[] src, int from, byte[] codes, int to, float[] scales, float[] minimums, int g) {
    scales[g] = half(src, from);
    minimums[g] = -8 * scales[g];
    nibbles(src, from + 2, codes, to);
  }

  private static void q4_1(
      byte[] src, int from, byte[] codes, int to, float[] scales, float[] minimums, int g) {
    scales[g] = half(src, from);
    minimums[g] = half(src, from + 2);
    nibbles(src, from + 4, codes, to);
  }

  private static void q5_0(
      byte[] src, int from, byte[] codes, int to, float[] scales, float[] minimums, int g) {
    scales[g] = half(src, from);
    minimums[g] = -16 * scales[g];
    nibbles(src, from + 6, codes, to);
    fifthBits(word(src, from + 2), codes, to);
  }

  private static void q5_1(
      byte[] src, int from, byte[] codes, int to, float[] scales, float[] minimums, int g) {
    scales[g] = half(src, from);
    minimums[g] = half(src, from + 2);
    nibbles(src, from + 8, codes, to);
    fifthBits(word(src, from + 4), codes, to);
  }

  private static void q8_0(
      byte[] src, int from, byte[] codes, int to, float[] scales, float[] minimums, int g) {
    scales[g] = half(src, from);
    minimums[g] = -128 * scales[g];
    for (int j = 0; j < 2 * HALF; j += Long.BYTES) {
      LONGS.set(codes, to + j, (long) LONGS.get(src, from + 2 + j) ^ SIGN_BITS);
    }
  }

  private static void q2k(
      byte[] src, int from, byte[] codes, int to, float[] scales, float[] minimums, int g) {
    float d = half(src, from + 80);
    float dmin = half(src, from + 82);
    for (int sub = 0; sub < 16; sub++) {
      scales[g + sub] = d * (src[from + sub] & 15);
      minimums[g + sub] = -dmin * (src[from + sub] >> 4 & 15);
    }
    for (int i = 0; i < SIZE; i++) {
      codes[to + i] = (byte) SuperBlocks.twoBits(src, from + 16, i);
    }
  }

  private static void q3k(
      byte[] src, int from, byte[] codes, int to, float[] scales, float[] minimums, int g) {
    float d = half(src, from + 108);
    for (int sub = 0; sub < 16; sub++) {
      scales[g + sub] = d * SuperBlocks.scale3(src, from + 96, sub);
      minimums[g + sub] = -4 * scales[g + sub];
    }
    for (int i = 0; i < SIZE; i++) {
      int bit = src[from + i % 32] >> i / 32 & 1;
      codes[to + i] = (byte) (SuperBlocks.twoBits(src, from + 32, i) + 4 * bit);
    }
  }

  private static void q4k(
      byte[] src, int from, byte[] codes, int to, float[] scales, float[] minimums, int g) {
    superScales(src, from, scales, minimums, g);
    superNibbles(src, from + 16, codes, to);
  }

  private static void q5k(
      byte[] src, int from, byte[] codes, int to, float[] scales, float[] minimums, int g) {
    superScales(src, from, scales, minimums, g);
    superNibbles(src, from + 48, codes, to);
    for (int i = 0; i < SIZE; i++) {
      codes[to + i] |= (byte) ((src[from + 16 + i % 32] >> i / 32 & 1) << 4);
    }
  }

  private static void superScales(byte[] src, int from, float[] scales, float[] minimums, int g) {
    float d = half(src, from);
    float dmin = half(src, from + 2);
    for (int sub = 0; sub < 8; sub++) {
      scales[g + sub] = d * SuperBlocks.scale(src, from + 4, sub);
      minimums[g + sub] = -dmin * SuperBlocks.min(src, from + 4, sub);
    }
  }

  private static void superNibbles(byte[] src, int at, byte[] codes, int to) {
    for (int i = 0; i < SIZE; i++) {
      codes[to + i] = (byte) (src[at + i / 64 * 32 + i % 32] >> 4 * (i / 32 & 1) & 15);
    }
  }

  private static void q6k(
      byte[] src, int from, byte[] codes, int to, float[] scales, float[] minimums, int g) {
    float d = half(src, from + 208);
    for (int sub = 0; sub < 16; sub++) {
      scales[g + sub] = d * src[from + 192 + sub];
      minimums[g + sub] = -32 * scales[g + sub];
    }
    for (int i = 0; i < SIZE; i++) {
      codes[to + i] = (byte) SuperBlocks.code6(src, from, i);
    }
  }
}
