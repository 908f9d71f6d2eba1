package dev.ashlar.text.tokenizer.split;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class GgufSplitsTest {
  /** Pieces after each pattern in turn cut what those before it left between their matches. */
  private static List<String> pieces(String name, String text) {
    List<String> pieces = List.of(text);
    for (String pattern : GgufSplits.patterns(name).orElseThrow()) {
      Pattern p = Pattern.compile(pattern);
      List<String> next = new ArrayList<>();
      for (String piece : pieces) {
        Matcher m = p.matcher(piece);
        int from = 0;
        while (m.find()) {
          if (m.start() > from) {
            next.add(piece.substring(from, m.start()));
          }
          if (m.end() > m.start()) {
            next.add(m.group());
          }
          from = m.end();
        }
        if (from < piece.length()) {
          next.add(piece.substring(from));
        }
      }
      pieces = next;
    }
    return pieces;
  }

  @Test
  void seedCoderCutsDigitsApartAndLinesFromMarks() {
    assertEquals(
        List.of("We", "'LL", " pay", " ", "1", "2", " !?", "\n", "now"),
        pieces("seed-coder", "We'LL pay 12 !?\nnow"));
  }

  /**
   * Its range of marks from ":" to "~" has the plain letters in it, and leaves other ones alone.
   */
  @Test
  void deepSeekLlmKeepsNumbersAndCutsAtLetters() {
    assertEquals(
        List.of("a", "!", "\n", " stra", "ß", "e", " ", "123", "中文", "。"),
        pieces("deepseek-llm", "a!\n straße 123中文。"));
  }
}
