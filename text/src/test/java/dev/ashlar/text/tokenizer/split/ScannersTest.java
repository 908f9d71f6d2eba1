package dev.ashlar.text.tokenizer.split;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.config.TokenPattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every scanner finds what the regular expression it stands for finds. */
class ScannersTest {
  private static final long SEED = 20250101;

  /** Strings on which the alternatives of the patterns part ways. */
  private static final List<String> PARTS =
      List.of(
          "'s",
          "'S",
          "'\u017F",
          "'ll",
          "'LL",
          "'re",
          "'",
          " ",
          "  ",
          "\n",
          "\r\n",
          "\t",
          "\u3000",
          "\u00A0",
          "a",
          "B",
          "ab",
          "AB",
          "\u01C5",
          "\u00DF",
          "\u0301",
          "\u0903",
          "1",
          "12",
          "1234",
          "\u0664",
          "\u2167",
          "\u00B2",
          ".",
          "!?",
          "/",
          "-",
          "$",
          "\u20AC",
          "\u2026",
          "\u4E2D",
          "\u3042",
          "\u30FC",
          "\uD55C",
          "\u05D0",
          "\u02B0",
          "\uD83D\uDE00",
          "\uD835\uDD04",
          "\uD835\uDFD8",
          "\uD800\uDF45",
          "\uDB40\uDD00",
          "\u200D",
          "\u0000",
          "\u0378",
          "\uFFFD");

  @TestFactory
  List<DynamicTest> agreeWithTheirRegularExpressions() {
    List<DynamicTest> tests = new ArrayList<>();
    for (String regex : Scanners.known()) {
      tests.add(DynamicTest.dynamicTest(regex, () -> compare(regex)));
    }
    return tests;
  }

  private static void compare(String regex) {
    Finder scanner = new ScannerFinder(Scanners.find(regex));
    Finder pattern = new RegexFinder(TokenPattern.read(new Node("", "", regex)));
    Random random = new Random(SEED);
    for (int n = 0; n < 3000; n++) {
      StringBuilder text = new StringBuilder();
      for (int k = random.nextInt(12); k >= 0; k--) {
        text.append(PARTS.get(random.nextInt(PARTS.size())));
      }
      assertEquals(spans(pattern, text), spans(scanner, text), () -> "seed " + SEED + ": " + text);
    }
  }

  private static List<String> spans(Finder finder, CharSequence text) {
    char[] chars = ("xy" + text + "z").toCharArray();
    List<String> spans = new ArrayList<>();
    finder.find(chars, 2, chars.length - 1, (s, e, match) -> spans.add(s + "-" + e + match));
    return spans;
  }

  @Test
  void unknownPatternsHaveNone() {
    assertNull(Scanners.find("\\p{L}+"));
  }
}
