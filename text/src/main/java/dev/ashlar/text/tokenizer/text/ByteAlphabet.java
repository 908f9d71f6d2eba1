package dev.ashlar.text.tokenizer.text;

import java.util.Arrays;

/**
 * GPT-2's printable alphabet for the 256 byte values: printable Latin-1 characters stand for
 * themselves, the other bytes, in order, for U+0100 and up.
 */
public final class ByteAlphabet {
  private static final char[] CHAR_OF = new char[256];
  private static final short[] BYTE_OF = new short[0x144];

  static {
    Arrays.fill(BYTE_OF, (short) -1);
    int next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b != 0xAD;
      CHAR_OF[b] = (char) (printable ? b : next++);
      BYTE_OF[CHAR_OF[b]] = (short) b;
    }
  }

  private ByteAlphabet() {}

  /** The character that stands for a byte value in 0…255. */
  public static char charOf(int value) {
    return CHAR_OF[value];
  }

  /** The byte value that {@code c} stands for, or -1. */
  public static int byteOf(char c) {
    return c < BYTE_OF.length ? BYTE_OF[c] : -1;
  }

  /** The bytes a token stands for, or null if it has characters outside the alphabet. */
  public static byte[] bytesOf(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      int b = byteOf(token.charAt(i));
      if (b < 0) {
        return null;
      }
      bytes[i] = (byte) b;
    }
    return bytes;
  }

  /** The text's UTF-8 bytes, each spelled by its character. */
  public static char[] spell(char[] text, int start, int end) {
    byte[] bytes = new byte[Math.multiplyExact(3, end - start)];
    int n = Utf8.encode(text, start, end, bytes, 0);
    char[] chars = new char[n];
    for (int i = 0; i < n; i++) {
      chars[i] = CHAR_OF[bytes[i] & 0xFF];
    }
    return chars;
  }
}
