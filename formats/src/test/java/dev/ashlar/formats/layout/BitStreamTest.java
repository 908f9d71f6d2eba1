package dev.ashlar.formats.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Words that the peers packed, and the inverse for every width and length. */
class BitStreamTest {
  private static int[] words(int bits, int... values) {
    byte[] codes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      codes[i] = (byte) values[i];
    }
    int[] words = new int[(int) BitStream.words(values.length, bits)];
    BitStream.pack(codes, 0, 1, codes.length, bits, words, 0);
    return words;
  }

  private static int[] repeated(int value, int count) {
    int[] values = new int[count];
    java.util.Arrays.fill(values, value);
    return values;
  }

  @Test
  void packsTheVectorsOfTheSpecification() {
    assertArrayEquals(new int[] {0x76543210}, words(4, 0, 1, 2, 3, 4, 5, 6, 7));
    assertArrayEquals(
        new int[] {0xE4E4E4E4}, words(2, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3));
    assertArrayEquals(new int[] {0x10FF8001}, words(8, 1, 128, 255, 16));
    int[] octal = new int[32];
    for (int i = 0; i < 32; i++) {
      octal[i] = i % 8;
    }
    assertArrayEquals(new int[] {0x88FAC688, 0xC688FAC6, 0xFAC688FA}, words(3, octal));
  }

  @Test
  void packsSymmetricZerosOfBothConventions() {
    for (ZeroConvention convention : ZeroConvention.values()) {
      boolean v1 = convention == ZeroConvention.V1;
      assertArrayEquals(
          new int[] {v1 ? 0x55555555 : 0xAAAAAAAA},
          words(2, repeated(convention.stored(2, 2), 16)));
      assertArrayEquals(
          v1
              ? new int[] {0xDB6DB6DB, 0xB6DB6DB6, 0x6DB6DB6D}
              : new int[] {0x24924924, 0x49249249, 0x92492492},
          words(3, repeated(convention.stored(4, 3), 32)));
      assertArrayEquals(
          new int[] {v1 ? 0x77777777 : 0x88888888}, words(4, repeated(convention.stored(8, 4), 8)));
      assertArrayEquals(
          new int[] {v1 ? 0x7F7F7F7F : 0x80808080},
          words(8, repeated(convention.stored(128, 8), 4)));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 8})
  void zeroConventionsAreMaskedFieldByField(int bits) {
    int max = (1 << bits) - 1;
    for (ZeroConvention convention : ZeroConvention.values()) {
      for (int zero = 0; zero <= max; zero++) {
        if (convention.canStore(zero)) {
          int stored = convention.stored(zero, bits) & 0xFF;
          assertEquals(zero, convention.zero(stored, bits) & 0xFF);
        }
      }
    }
    assertEquals(0, ZeroConvention.V1.zero(max, bits), "a field that overflows wraps to 0");
  }

  @Test
  void packsAwqNibblesInTheirOrder() {
    byte[] codes = {0, 1, 2, 3, 4, 5, 6, 7};
    assertEquals(0x75316420, AwqNibbles.pack(codes, 0, 1));
    byte[] back = new byte[8];
    AwqNibbles.unpack(0x75316420, back, 0, 1);
    assertArrayEquals(codes, back);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void unpackInvertsPackForEveryLengthAndStride(int bits) {
    Random random = new Random(17 + bits);
    for (int count = 0; count <= 131; count++) {
      int stride = 1 + count % 5;
      byte[] codes = new byte[count * stride + 3];
      for (int i = 0; i < count; i++) {
        codes[2 + i * stride] = (byte) random.nextInt(1 << bits);
      }
      int n = (int) BitStream.words(count, bits);
      int[] words = new int[n + 2];
      words[n + 1] = 0x5EED;
      BitStream.pack(codes, 2, stride, count, bits, words, 1);
      byte[] back = new byte[codes.length];
      BitStream.unpack(words, 1, count, bits, back, 2, stride);
      assertArrayEquals(codes, back, "bits " + bits + ", count " + count);
      assertEquals(0x5EED, words[n + 1], "nothing beyond the last word is touched");
    }
  }
}
