package dev.ashlar.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class StoppingDecoderTest {
  private static final String END = "<|end|>";

  private static Tokenizer tokenizer;

  @BeforeAll
  static void train() {
    String text = "abab abba aab bba. User: ab\n".repeat(20);
    tokenizer = Tokenizers.fromJson(BpeTrainer.train(text, 275, List.of(END)), "trained");
  }

  /** What is shown of ids, by looking at all of the text at once. */
  private static String expected(List<Integer> ids, List<String> stops) {
    StringBuilder all = new StringBuilder();
    StringBuilder marks = new StringBuilder();
    for (int id : ids) {
      String piece = tokenizer.decode(new int[] {id}, true);
      all.append(piece);
      marks.append((tokenizer.isSpecial(id) ? "-" : "+").repeat(piece.length()));
    }
    int from = all.length();
    int to = Integer.MAX_VALUE;
    for (String stop : stops) {
      int at = all.indexOf(stop);
      int end = at + stop.length();
      if (at >= 0 && (end < to || end == to && at < from)) {
        from = at;
        to = end;
      }
    }
    StringBuilder shown = new StringBuilder();
    for (int i = 0; i < from; i++) {
      shown.append(marks.charAt(i) == '+' ? all.substring(i, i + 1) : "");
    }
    return shown.toString();
  }

  @Test
  void aTextEndsBeforeTheFirstStopString() {
    Random random = new Random(3);
    List<Integer> ascii = new ArrayList<>();
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      if (tokenizer.decode(new int[] {id}, true).matches("[ab .User:\n]+|<.end.>")) {
        ascii.add(id);
      }
    }
    int ended = 0;
    for (int t = 0; t < 4000; t++) {
      List<Integer> ids = new ArrayList<>();
      for (int i = random.nextInt(30); i > 0; i--) {
        ids.add(ascii.get(random.nextInt(ascii.size())));
      }
      List<String> stops = new ArrayList<>();
      for (int i = random.nextInt(4); i > 0; i--) {
        stops.add(stop(random));
      }
      String expected = expected(ids, stops);
      StoppingDecoder decoder = new StoppingDecoder(tokenizer, stops);
      StringBuilder shown = new StringBuilder();
      for (int i = 0; i < ids.size() && !decoder.stopped(); i++) {
        shown.append(decoder.push(ids.get(i)));
        assertTrue(expected.startsWith(shown.toString()), stops + ": " + shown);
      }
      shown.append(decoder.flush());
      assertEquals(expected, shown.toString(), stops + " in " + ids);
      ended += decoder.stopped() ? 1 : 0;
    }
    assertTrue(ended > 1000 && ended < 3500, "of 4000 texts ended " + ended);
  }

  private static String stop(Random random) {
    StringBuilder stop = new StringBuilder();
    for (int i = 1 + random.nextInt(5); i > 0; i--) {
      stop.append(random.nextInt(8) == 0 ? END : random.nextBoolean() ? "a" : "b");
    }
    return stop.toString();
  }

  /** Nothing waits that cannot be the beginning of one. */
  @Test
  void onlyWhatMayBeAStopStringIsHeldBack() {
    StoppingDecoder decoder = new StoppingDecoder(tokenizer, List.of("bbb"));
    StringBuilder shown = new StringBuilder();
    for (int id : tokenizer.encode("a bb")) {
      shown.append(decoder.push(id));
    }
    assertEquals("a ", shown.toString());
    assertEquals("bb", decoder.flush());
    assertFalse(decoder.stopped());
  }

  /** A search that looks at all of the text again for each token would not end. */
  @Test
  void longStopStringsCostNoMoreThanTheirLength() {
    String stop = "a".repeat(2_000_000) + "b";
    StoppingDecoder decoder = new StoppingDecoder(tokenizer, List.of(stop));
    int a = tokenizer.id("a").orElseThrow();
    for (int i = 0; i < 200_000; i++) {
      assertEquals("", decoder.push(a));
    }
    assertEquals(200_000, decoder.flush().length());
  }
}
