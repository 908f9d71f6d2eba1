package dev.ashlar.text.tokenizer.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.PatternSyntaxException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RubyRegexTest {
  private static List<String> matches(String regex, String text) {
    return RubyRegex.compile(regex).matcher(text).results().map(MatchResult::group).toList();
  }

  @Test
  void aPlusAfterBracesRepeats() {
    assertEquals(List.of("1234567"), matches("\\d{1,3}+", "1234567"));
    assertEquals(List.of("ababab"), matches("(?:ab){1,2}+", "ababab"));
    assertEquals(List.of("xyz12"), matches("[a-z]{2}+z?\\d*", "xyz12").subList(0, 1));
  }

  @Test
  void namesAreTranslated() {
    assertEquals(List.of("漢字"), matches("\\p{Han}+", "かな漢字"));
    assertEquals(List.of("1", "!"), matches("\\p{^L}", "a1b!"));
    assertEquals(List.of("fe", "19"), matches("\\h+", "xfe 19"));
    assertEquals(List.of("ab", "12"), matches("[[:alpha:]]+|[[:digit:]]+", "ab 12"));
    assertEquals(List.of("a b#c"), matches("[a-c #]+", "a b#c"));
  }

  /** Java repeats a class in a loop, and alternatives by recursion. */
  @Test
  void alternativesOfOneCharacterMayRepeatWithoutEnd() {
    String text = "ab \n".repeat(50_000) + "c";
    for (String regex :
        List.of(
            "(?:a|b|\\s)*c?",
            "(?:[ab]|\\s)+c",
            "(?:\\p{L}|[\\n ])*",
            "(?:a|(?:b| )|\n|c)*",
            "(?:a|b|\\S|\\s){3,}")) {
      assertEquals(List.of(text), matches(regex, text).stream().limit(1).toList(), regex);
    }
    assertEquals(List.of("a.-]^"), matches("(?:a|\\.|-|\\]|\\^)+", "a.-]^b"));
    assertEquals(List.of("ab", "b"), matches("(?:ab|b)", "abb"));
  }

  @Test
  void linesAreRubys() {
    assertEquals(List.of("a", "b"), matches("^.$", "a\nb"));
    assertEquals(List.of("a\rb"), matches("a.b", "a\rb"));
    assertEquals(List.of("a\nb"), matches("(?m:a.b)", "a\nb"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"(((", "\\", "\\K", "(?<n>a)", "\\p{Nope}", "[[:nope:]]", "\\Qa\\E", "[a", "a)"})
  void whatIsNotUnderstoodIsRefused(String regex) {
    assertThrows(PatternSyntaxException.class, () -> RubyRegex.compile(regex));
  }
}
