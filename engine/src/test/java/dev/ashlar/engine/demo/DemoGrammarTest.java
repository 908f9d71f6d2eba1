package dev.ashlar.engine.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DemoGrammarTest {
  private final DemoGrammar grammar = new DemoGrammar();

  @Test
  void theSameSeedTellsTheSameStory() {
    assertEquals(grammar.generate(3, 5_000), grammar.generate(3, 5_000));
    assertNotEquals(grammar.generate(3, 5_000).text(), grammar.generate(4, 5_000).text());
  }

  @Test
  void informationPerCharacterIsAPropertyOfTheSource() {
    DemoGrammar.Story a = grammar.generate(1, 400_000);
    DemoGrammar.Story b = grammar.generate(2, 400_000);
    double ofA = a.nats() / a.text().length();
    double ofB = b.nats() / b.text().length();
    assertEquals(ofA, ofB, 0.01 * ofA);
    assertTrue(ofA > 0.1 && ofA < 0.8, "nats per character: " + ofA);
  }

  /**
   * The account charges ln(48·30) for the first two words of a paragraph: the first of them is
   * even.
   */
  @Test
  void accountedInformationMatchesObservedFrequencies() {
    Map<String, Integer> firsts = new HashMap<>();
    String[] paragraphs = grammar.generate(5, 2_000_000).text().split("\n");
    for (String p : paragraphs) {
      firsts.merge(p.substring(0, p.indexOf(' ')), 1, Integer::sum);
    }
    double entropy = 0;
    for (int count : firsts.values()) {
      double p = count / (double) paragraphs.length;
      entropy -= p * Math.log(p);
    }
    assertEquals(Math.log(48), entropy, 0.02);
  }

  @Test
  void sumsAreRight() {
    String text = grammar.generate(6, 50_000).text();
    int sums = 0;
    for (String sentence : text.split("\\.")) {
      if (sentence.contains(" more, which made ")) {
        String[] words = sentence.trim().split(" ");
        int made = words.length - 1;
        int first = number(words, "counted", 1);
        int second = number(words, "and", 1);
        assertEquals(DemoWords.NUMBERS[first + second], words[made], sentence);
        sums++;
      }
    }
    assertTrue(sums > 20, "sums found: " + sums);
  }

  private static int number(String[] words, String after, int offset) {
    for (int i = 0; i < words.length; i++) {
      if (words[i].equals(after)) {
        for (int n = 0; n < DemoWords.NUMBERS.length; n++) {
          if (DemoWords.NUMBERS[n].equals(words[i + offset])) {
            return n;
          }
        }
      }
    }
    throw new AssertionError(String.join(" ", words));
  }
}
