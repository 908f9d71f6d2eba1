package dev.ashlar.formats.gguf;

import static dev.ashlar.formats.gguf.GgufBlock.Words.half;
import static dev.ashlar.formats.gguf.GgufBlock.Words.nibble;
import static dev.ashlar.formats.gguf.GgufBlock.Words.u16;
import static dev.ashlar.formats.gguf.GgufBlock.Words.word;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * The 256-element blocks whose codes select whole groups of 4 or 8 values from a grid.
 *
 * <pre>
 *   IQ1_S     50 bytes   f16 d, qs[32], u16 qh[8]
 *   IQ1_M     56 bytes   qs[32], qh[16], u16 scales[4], which also hold d
 *   IQ2_XXS   66 bytes   f16 d, then per 32 elements u8 index[4], u32 (4 × 7 sign bits, 4 scale)
 *   IQ2_XS    74 bytes   f16 d, u16 qs[32] (9 index, 7 sign bits), scales[8]
 *   IQ2_S     82 bytes   f16 d, qs[32], signs[32], qh[8], scales[8]
 *   IQ3_XXS   98 bytes   f16 d, qs[64], then per 32 elements u32 as in IQ2_XXS
 *   IQ3_S    110 bytes   f16 d, qs[64], qh[8], signs[32], scales[4]
 * </pre>
 *
 * The grids are facts of the format, published in ggml's {@code ggml-common.h} ({@code iq2xxs_grid}
 * and so on); the resource holds them as indices into the few values a grid uses, two bits each
 * (four for the IQ3 grids), low bits first.
 */
final class GridBlocks {
  private static final int GROUPS = 32;

  /** The grids, decoded on first use. */
  private static final class Grids {
    static final byte[] IQ2_XXS;
    static final byte[] IQ2_XS;
    static final byte[] IQ2_S;
    static final byte[] IQ3_XXS;
    static final byte[] IQ3_S;
    static final byte[] IQ1;

    static {
      try (InputStream in = GridBlocks.class.getResourceAsStream("grids.bin")) {
        IQ2_XXS = grid(in, 256 * 8, 2, 8, 25, 43);
        IQ2_XS = grid(in, 512 * 8, 2, 8, 25, 43);
        IQ2_S = grid(in, 1024 * 8, 2, 8, 25, 43);
        IQ3_XXS = grid(in, 256 * 4, 4, 4, 12, 20, 28, 36, 44, 52, 62);
        IQ3_S = grid(in, 512 * 4, 4, 1, 3, 5, 7, 9, 11, 13, 15);
        IQ1 = grid(in, 2048 * 8, 2, -1, 0, 1);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static byte[] grid(InputStream in, int size, int bits, int... values)
        throws IOException {
      byte[] packed = in.readNBytes(size * bits / 8);
      byte[] grid = new byte[size];
      for (int i = 0; i < size; i++) {
        grid[i] = (byte) values[packed[i * bits / 8] >> i * bits % 8 & (1 << bits) - 1];
      }
      return grid;
    }
  }

  // Values of IQ1 are an eighth more or less than −1, 0 or 1: whole eighths, from −9 to 9.
  static final WholeBlocks IQ1_S = new WholeBlocks(256, 32, 5, 9, GridBlocks::iq1s);
  static final WholeBlocks IQ1_M = new WholeBlocks(256, 16, 5, 9, GridBlocks::iq1m);
  static final WholeBlocks IQ2_XXS = new WholeBlocks(256, 32, 7, 43, GridBlocks::iq2xxs);
  static final WholeBlocks IQ2_XS = new WholeBlocks(256, 16, 7, 43, GridBlocks::iq2xs);
  static final WholeBlocks IQ2_S = new WholeBlocks(256, 16, 7, 43, GridBlocks::iq2s);
  static final WholeBlocks IQ3_XXS = new WholeBlocks(256, 32, 7, 62, GridBlocks::iq3xxs);
  static final WholeBlocks IQ3_S = new WholeBlocks(256, 32, 5, 15, GridBlocks::iq3s);

  private GridBlocks() {}

  private static void iq1s(byte[] src, int from, byte[] codes, int at, float[] scales, int s) {
    float d = half(src, from);
    for (int g = 0; g < GROUPS; g++) {
      int qh = u16(src, from + 34 + 2 * (g / 4));
      scales[s + g / 4] = d * (2 * (qh >> 12 & 7) + 1) / 8;
      int index = src[from + 2 + g] & 0xFF | (qh >> 3 * (g % 4) & 7) << 8;
      shifted(index, (qh & 0x8000) == 0 ? 1 : -1, codes, at + 8 * g);
    }
  }

  private static void iq1m(byte[] src, int from, byte[] codes, int at, float[] scales, int s) {
    int stored = from + 48;
    int bits = 0;
    for (int k = 0; k < 4; k++) {
      bits |= u16(src, stored + 2 * k) >> 12 << 4 * k;
    }
    float d = Float.float16ToFloat((short) bits);
    for (int g = 0; g < GROUPS; g++) {
      int sub = g / 2;
      scales[s + sub] = d * (2 * (u16(src, stored + 2 * (sub / 4)) >> 3 * (sub % 4) & 7) + 1) / 8;
      int qh = nibble(src, from + 32, g);
      int index = src[from + g] & 0xFF | (qh & 7) << 8;
      shifted(index, (qh & 8) == 0 ? 1 : -1, codes, at + 8 * g);
    }
  }

  private static void iq2xxs(byte[] src, int from, byte[] codes, int at, float[] scales, int s) {
    float d = half(src, from);
    for (int g = 0; g < GROUPS; g++) {
      int place = from + 2 + 8 * (g / 4);
      int extra = word(src, place + 4);
      scales[s + g / 4] = d * (0.5f + (extra >>> 28)) * 0.25f;
      int index = src[place + g % 4] & 0xFF;
      int signs = signs(extra >>> 7 * (g % 4));
      signed(Grids.IQ2_XXS, 8 * index, 8, IQ2_XXS.zero(), signs, codes, at + 8 * g);
    }
  }

  private static void iq2xs(byte[] src, int from, byte[] codes, int at, float[] scales, int s) {
    float d = half(src, from);
    for (int g = 0; g < GROUPS; g++) {
      int q = u16(src, from + 2 + 2 * g);
      scales[s + g / 2] = d * (0.5f + nibble(src, from + 66, g / 2)) * 0.25f;
      int signs = signs(q >> 9);
      signed(Grids.IQ2_XS, 8 * (q & 511), 8, IQ2_XS.zero(), signs, codes, at + 8 * g);
    }
  }

  private static void iq2s(byte[] src, int from, byte[] codes, int at, float[] scales, int s) {
    float d = half(src, from);
    for (int g = 0; g < GROUPS; g++) {
      int high = src[from + 66 + g / 4] >> 2 * (g % 4) & 3;
      int index = src[from + 2 + g] & 0xFF | high << 8;
      scales[s + g / 2] = d * (0.5f + nibble(src, from + 74, g / 2)) * 0.25f;
      signed(Grids.IQ2_S, 8 * index, 8, IQ2_S.zero(), src[from + 34 + g], codes, at + 8 * g);
    }
  }

  private static void iq3xxs(byte[] src, int from, byte[] codes, int at, float[] scales, int s) {
    float d = half(src, from);
    for (int g = 0; g < GROUPS; g++) {
      int extra = word(src, from + 66 + 4 * (g / 4));
      scales[s + g / 4] = d * (0.5f + (extra >>> 28)) * 0.5f;
      int signs = signs(extra >>> 7 * (g % 4));
      for (int half = 0; half < 2; half++) {
        int index = src[from + 2 + 2 * g + half] & 0xFF;
        int to = at + 8 * g + 4 * half;
        signed(Grids.IQ3_XXS, 4 * index, 4, IQ3_XXS.zero(), signs >> 4 * half, codes, to);
      }
    }
  }

  private static void iq3s(byte[] src, int from, byte[] codes, int at, float[] scales, int s) {
    float d = half(src, from);
    for (int g = 0; g < GROUPS; g++) {
      scales[s + g / 4] = d * (1 + 2 * nibble(src, from + 106, g / 4));
      int signs = src[from + 74 + g];
      for (int half = 0; half < 2; half++) {
        int q = 2 * g + half;
        int index = src[from + 2 + q] & 0xFF | (src[from + 66 + q / 8] >> q % 8 & 1) << 8;
        int to = at + 8 * g + 4 * half;
        signed(Grids.IQ3_S, 4 * index, 4, IQ3_S.zero(), signs >> 4 * half, codes, to);
      }
    }
  }

  /** Seven stored sign bits; the eighth makes their number even. */
  private static int signs(int stored) {
    int seven = stored & 127;
    return seven | (Integer.bitCount(seven) & 1) << 7;
  }

  private static void signed(
      byte[] grid, int from, int n, int zero, int signs, byte[] codes, int at) {
    for (int j = 0; j < n; j++) {
      int v = grid[from + j];
      codes[at + j] = (byte) (zero + ((signs >> j & 1) == 0 ? v : -v));
    }
  }

  /**
   * @param delta in eighths
   */
  private static void shifted(int index, int delta, byte[] codes, int at) {
    for (int j = 0; j < 8; j++) {
      codes[at + j] = (byte) (IQ1_S.zero() + 8 * Grids.IQ1[8 * index + j] + delta);
    }
  }
}
