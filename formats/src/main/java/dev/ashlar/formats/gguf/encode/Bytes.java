package dev.ashlar.formats.gguf.encode;

/** Little-endian words and halves of bytes inside a block. */
final class Bytes {
  private Bytes() {}

  static void word16(byte[] dst, int at, int value) {
    dst[at] = (byte) value;
    dst[at + 1] = (byte) (value >> 8);
  }

  static void word32(byte[] dst, int at, int value) {
    word16(dst, at, value);
    word16(dst, at + 2, value >> 16);
  }

  /** Writes a float in half precision, a tie to the even one. */
  static void half(byte[] dst, int at, float value) {
    word16(dst, at, Float.floatToFloat16(value));
  }

  /** Sixteen bytes of two codes each: the first 16 codes in the low halves, then the others. */
  static void nibbles(int[] codes, int from, byte[] dst, int at) {
    for (int j = 0; j < 16; j++) {
      dst[at + j] = (byte) (codes[from + j] & 15 | (codes[from + 16 + j] & 15) << 4);
    }
  }

  /** The fifth bits of 32 codes, the first lowest. */
  static int fifthBits(int[] codes) {
    int bits = 0;
    for (int j = 0; j < 32; j++) {
      bits |= (codes[j] >> 4 & 1) << j;
    }
    return bits;
  }

  /** Two-bit codes of 256 elements: byte 32h + j has elements 128h + 32t + j at bits 2t. */
  static void twoBits(int[] codes, byte[] dst, int at) {
    for (int i = 0; i < 256; i++) {
      dst[at + 32 * (i / 128) + i % 32] |= (byte) ((codes[i] & 3) << 2 * (i / 32 % 4));
    }
  }
}
