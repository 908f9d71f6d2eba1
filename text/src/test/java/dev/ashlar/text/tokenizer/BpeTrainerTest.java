package dev.ashlar.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BpeTrainerTest {
  private static final List<String> SPECIAL = List.of("<|end|>");

  /** The corpus of the paper's figure 1: its first merges are known. */
  @Test
  void learnsTheMergesOfThePaper() {
    String text = "low ".repeat(5) + "lower ".repeat(2) + "newest ".repeat(6) + "widest ".repeat(3);
    Map<?, ?> json = BpeTrainer.train(text, 257 + 3, SPECIAL);
    List<?> merges = (List<?>) ((Map<?, ?>) json.get("model")).get("merges");
    // "es" and "st" are equally frequent (9); the tie goes to the pair that stands first.
    assertEquals(List.of(List.of("e", "s"), List.of("es", "t"), List.of("l", "o")), merges);
  }

  @Test
  void theTrainedTokenizerReadsBackAnyText() {
    String text = "the old stone and the new stone of the old wall. ".repeat(20);
    Tokenizer t = Tokenizers.fromJson(BpeTrainer.train(text, 300, SPECIAL), "trained");
    // Every word is one token before the vocabulary is full: nothing is left to merge.
    assertTrue(t.vocabSize() > 257 && t.vocabSize() < 300, "size " + t.vocabSize());
    for (String s : List.of(text, "", "  two  spaces\n", "Größe 石 🧱", "<|end|>the")) {
      assertEquals(s, t.decode(t.encode(s), true));
    }
    assertTrue(t.encode(text).length < text.length() / 3);
    assertEquals(0, t.encode("<|end|>")[0]);
  }

  @Test
  void theSameTextGivesTheSameVocabulary() {
    String text = "a b c d e f g a b c d e f g ab cd ef";
    assertEquals(BpeTrainer.train(text, 270, SPECIAL), BpeTrainer.train(text, 270, SPECIAL));
  }

  @Test
  void aVocabularyMustHoldTheBytes() {
    assertThrows(IllegalArgumentException.class, () -> BpeTrainer.train("a", 256, SPECIAL));
  }
}
