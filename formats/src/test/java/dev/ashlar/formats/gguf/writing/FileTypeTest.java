package dev.ashlar.formats.gguf.writing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.formats.gguf.GgufType;
import dev.ashlar.tensor.Shape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Types of tensors beside what llama.cpp's quantizer gives them ({@code llama-quant.cpp}). */
class FileTypeTest {
  private static final Shape SHAPE = Shape.of(256, 512);

  private static FileType.Model model(int experts) {
    return new FileType.Model(32, 4, experts, false);
  }

  /** Keys and values are small beside eight experts. */
  @ParameterizedTest
  @EnumSource
  void keysAndValuesAreLargeBesideEightExperts(FileType type) {
    boolean plain = type.base().encoder() == null;
    GgufType expected = plain ? type.base() : GgufType.Q8_0;
    for (String name : new String[] {"blk.9.attn_k.weight", "blk.9.attn_v.weight"}) {
      assertEquals(expected, type.of(name, SHAPE, model(8)), name);
    }
    assertEquals(type.base(), type.of("blk.9.attn_q.weight", SHAPE, model(8)));
  }

  /** Other numbers of experts change nothing. */
  @ParameterizedTest
  @EnumSource
  void theyAreNotBesideOthers(FileType type) {
    for (int experts : new int[] {0, 4, 16}) {
      assertEquals(type.base(), type.of("blk.9.attn_k.weight", SHAPE, model(experts)));
    }
  }
}
