package dev.ashlar.tuning.calibration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tuning.calibration.Calibration.Source;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CalibrationTest {
  private static final int BEGIN = 1;

  /** Each character is a token; 1 begins a text. */
  private static int[] encode(String text, boolean specialTokens) {
    int[] ids = text.chars().toArray();
    if (!specialTokens) {
      return ids;
    }
    int[] all = new int[ids.length + 1];
    all[0] = BEGIN;
    System.arraycopy(ids, 0, all, 1, ids.length);
    return all;
  }

  private static Calibration of(int count, int length, Source... sources) {
    return Calibration.of(
        List.of(sources), CalibrationTest::encode, count, length, 42, OptionalInt.empty());
  }

  private static Source plain(String spec, String text) {
    return new Source(DatasetSpec.parse(spec).getFirst(), new Documents.PlainText(text));
  }

  private static Source separate(String spec, List<String> texts) {
    List<Documents.Document> documents = new ArrayList<>();
    texts.forEach(t -> documents.add(new Documents.Text(t)));
    return new Source(DatasetSpec.parse(spec).getFirst(), new Documents.Separate(documents));
  }

  @Test
  void aPlainTextIsCutInOrderWithoutSpecialTokens() {
    Calibration c = of(2, 4, plain("a.txt", "abcdefghijkl"));
    assertEquals(2, c.set().count());
    assertArrayEquals("abcd".chars().toArray(), c.set().sample(0));
    assertArrayEquals("efgh".chars().toArray(), c.set().sample(1));
    assertTrue(c.warnings().isEmpty());
  }

  @Test
  void fewerSamplesThanAskedForAreAWarningAndNoneAnError() {
    assertEquals(1, of(5, 4, plain("a.txt", "abcdefghijkl")).warnings().size());
    CalibrationException none =
        assertThrows(CalibrationException.class, () -> of(5, 40, plain("a.txt", "abcdef")));
    assertTrue(none.getMessage().contains("a.txt"), none.getMessage());
    assertTrue(none.getMessage().contains("seqlen"), none.getMessage());
  }

  @Test
  void separateDocumentsAreShuffledCutOffAndDroppedWhenShortOrDegenerate() {
    List<String> texts = List.of("abcdefgh", "short", "zzzzzzzzz", "ijklmnopq", "rstuvwxyz");
    Calibration c = of(10, 8, separate("a.json", texts));
    assertEquals(3, c.set().count());
    Set<String> found = new HashSet<>();
    for (int i = 0; i < 3; i++) {
      assertEquals(BEGIN, c.set().sample(i)[0]);
      int[] s = c.set().sample(i);
      found.add(new String(s, 1, s.length - 1));
    }
    assertEquals(Set.of("abcdefg", "ijklmno", "rstuvwx"), found);
  }

  private static Calibration padded(int length, OptionalInt pad, Source... sources) {
    return Calibration.of(
        List.of(sources),
        CalibrationTest::encode,
        new Calibration.Amount(100, length, true, true),
        42,
        pad);
  }

  /** Short documents are whole samples, of which what fills them up does not count. */
  @Test
  void shortDocumentsAreFilledUpWhereTheyMayBe() {
    List<String> texts = List.of("abcdefgh", "ijk", "zzzzzzzzz", "", "op");
    Calibration c = padded(8, OptionalInt.empty(), separate("a.json", texts));
    Map<String, Integer> found = new HashMap<>();
    for (int i = 0; i < c.set().count(); i++) {
      int[] s = c.set().sample(i);
      assertEquals(8, s.length);
      boolean[] counted = c.set().counted()[i];
      int last = 7;
      while (last > 0 && !counted[last - 1]) {
        last--;
      }
      for (int t = 0; t < 8; t++) {
        assertEquals(t < last, counted[t], i + ": " + t);
      }
      found.put(new String(s, 1, last), last);
    }
    assertEquals(Map.of("abcdefg", 7, "ijk", 3, "op", 2), found);
    assertEquals(
        List.of("a.json: 2 of 5 documents are left out, having one token over and over, or no two"),
        c.warnings());
    // Nothing is as long as it may be: the longest text, with what begins it, is the length.
    Source two = separate("a.json", texts.subList(0, 2));
    assertEquals(9, padded(80, OptionalInt.empty(), two).set().length());
  }

  /** The tokenizer's own padding does not count either, and running text is cut as ever. */
  @Test
  void paddingOfDocumentsAndRunningTextStayAsTheyAre() {
    int[] ids = {5, 0, 6, 7, 0, 0};
    Source s =
        new Source(
            DatasetSpec.of("ids"), new Documents.Separate(List.of(new Documents.Tokens(ids))));
    CalibrationSet set = padded(8, OptionalInt.of(0), s).set();
    assertArrayEquals(ids, set.sample(0));
    assertArrayEquals(new boolean[] {true, false, true, true, false, false}, set.counted()[0]);
    Source text = plain("a.txt", "abcdefghijkl");
    assertEquals(
        of(2, 4, text).set().first(2).digest(),
        padded(4, OptionalInt.empty(), text).set().first(2).digest());
    CalibrationException none =
        assertThrows(
            CalibrationException.class,
            () -> padded(8, OptionalInt.empty(), separate("a.json", List.of("", ""))));
    assertTrue(none.getMessage().contains("no document in it has two usable tokens"));
  }

  @Test
  void joinedDocumentsGetTheirBeginningBack() {
    Calibration c = of(2, 4, separate("a.json:concat", List.of("aa", "bb", "cc")));
    for (int i = 0; i < 2; i++) {
      assertEquals(BEGIN, c.set().sample(i)[0]);
      assertFalse(Arrays.stream(c.set().sample(i)).skip(1).anyMatch(t -> t == BEGIN));
    }
  }

  @Test
  void severalSetsShareTheRestEvenlySmallestFirst() {
    Source small = plain("small.txt", "abcd");
    Source named = plain("named.txt:num=2", "efghijklmnop");
    Source large = plain("large.txt", "q".repeat(99) + "r".repeat(99));
    Calibration c = of(10, 4, large, small, named);
    assertEquals(10, c.set().count());
    int q = 0;
    for (int i = 0; i < 10; i++) {
      q += c.set().sample(i)[0] >= 'q' ? 1 : 0;
    }
    assertEquals(7, q);
    Calibration again = of(10, 4, large, small, named);
    assertEquals(c.set().digest(), again.set().digest());
  }

  @Test
  void tokensOfTheCallersAreTakenAsTheyAre() {
    int[] ids = {5, 6, 7, 8};
    Source s =
        new Source(
            DatasetSpec.of("ids"), new Documents.Separate(List.of(new Documents.Tokens(ids))));
    assertArrayEquals(ids, of(1, 4, s).set().sample(0));
  }

  @Test
  void theLastPositionAndPaddingDoNotCount() {
    CalibrationSet padded =
        CalibrationSet.of(List.of(new int[] {0, 0, 5, 6, 7}), OptionalInt.of(0));
    assertArrayEquals(new boolean[] {false, false, true, true, false}, padded.counted()[0]);
    CalibrationSet run =
        CalibrationSet.of(List.of(new int[] {5, 6, 7, 9, 9, 9}), OptionalInt.empty());
    assertArrayEquals(new boolean[] {true, true, true, false, false, false}, run.counted()[0]);
  }

  @Test
  void chatTemplatesAreRefusedClearly() {
    CalibrationException e =
        assertThrows(
            CalibrationException.class,
            () -> of(1, 4, separate("chat.json:apply_chat_template", List.of("abcdefgh"))));
    assertTrue(e.getMessage().contains("no chat template"), e.getMessage());
    e =
        assertThrows(
            CalibrationException.class,
            () -> of(1, 4, plain("a.txt:apply_chat_template", "abcdefgh")));
    assertTrue(e.getMessage().contains("one text"), e.getMessage());
  }

  /** Writes the roles' first letters and the contents; has no text around them. */
  private static final Encoder TALKING =
      new Encoder() {
        @Override
        public int[] encode(String text, boolean specialTokens) {
          return CalibrationTest.encode(text, specialTokens);
        }

        @Override
        public Optional<int[]> chat(List<Map<String, Object>> messages) {
          StringBuilder text = new StringBuilder();
          messages.forEach(
              m -> text.append(((String) m.get("role")).charAt(0)).append(m.get("content")));
          return Optional.of(text.chars().toArray());
        }
      };

  private static String rendered(String spec, Documents.Document document) {
    Source source =
        new Source(DatasetSpec.parse(spec).getFirst(), new Documents.Separate(List.of(document)));
    Calibration c = Calibration.of(List.of(source), TALKING, 1, 12, 42, OptionalInt.empty());
    StringBuilder text = new StringBuilder();
    for (int id : c.set().sample(0)) {
      text.append((char) id);
    }
    return text.toString();
  }

  @Test
  void conversationsAreRenderedByTheTemplate() {
    Documents.Chat chat =
        new Documents.Chat(
            List.of(
                Map.of("role", "user", "content", "1234"),
                Map.of("role", "assistant", "content", "5678901")));
    String spec = "c.jsonl:apply_chat_template:system_prompt=";
    assertEquals("u1234a567890", rendered(spec, chat));
    assertEquals("u1234a567890", rendered(spec + ":concat", chat));
    assertEquals("sBe\\,:u1234a", rendered("c.jsonl:system_prompt=Be\\\\\\,\\:", chat));
    // AutoRound tells the model something if nothing is said.
    assertEquals("sYou are a h", rendered("c.jsonl:apply_chat_template", chat));
    assertEquals("uHello there", rendered(spec, new Documents.Text("Hello there, you.")));
    Documents.Chat own =
        new Documents.Chat(
            List.of(
                Map.of("role", "system", "content", "own"),
                Map.of("role", "user", "content", "1234567")));
    assertEquals("sownu1234567", rendered("c.jsonl:apply_chat_template", own));
    CalibrationException e =
        assertThrows(CalibrationException.class, () -> rendered("c.jsonl", chat));
    assertTrue(e.getMessage().contains(":apply_chat_template"), e.getMessage());
  }

  @Test
  void commasAndColonsOfPathsAreEscaped() {
    List<DatasetSpec> specs = DatasetSpec.parse("a\\,b.txt,at 10\\:30.jsonl:num=3,back\\slash");
    assertEquals(
        List.of("a,b.txt", "at 10:30.jsonl", "back\\slash"),
        specs.stream().map(DatasetSpec::name).toList());
    assertEquals(3, specs.get(1).num().getAsInt());
  }

  @Test
  void absurdCountsOnlyMeanAllThereIs() {
    Source small = separate("a.json", List.of("abcdefgh", "ijklmnop"));
    Source large = separate("b.json", List.of("qrstuvwx"));
    for (int count : new int[] {1_000_000, Integer.MAX_VALUE}) {
      assertEquals(2, of(count, 4, small).set().count());
      assertEquals(3, of(count, 4, small, large).set().count());
      Source named = separate("c.json:num=" + count, List.of("abcdefgh"));
      assertEquals(3, of(count, 4, small, named).set().count());
      Source joined = separate("d.json:concat", List.of("abcdefgh", "ijkl"));
      assertEquals(5, of(count, 5, joined, small).set().count());
    }
  }

  @Test
  void specsAreReadInOldAndNewForm() {
    List<DatasetSpec> specs =
        DatasetSpec.parse("NeelNanda/pile-10k:num=64,./mine.json:concat:num=6,mbpp:train+test");
    assertEquals(3, specs.size());
    assertEquals(64, specs.get(0).num().getAsInt());
    assertTrue(specs.get(1).concat());
    assertEquals(List.of("train", "test"), specs.get(2).splits());
    assertThrows(CalibrationException.class, () -> DatasetSpec.parse("a:b=c"));
    assertThrows(CalibrationException.class, () -> DatasetSpec.parse("a:num=x"));
    assertThrows(CalibrationException.class, () -> DatasetSpec.parse("a,,b"));
  }

  @Test
  void batchesAreSlicesOfAShuffledListWithoutRepetition() {
    BatchOrder order = BatchOrder.shuffled(10, 3, 7);
    for (int epoch = 0; epoch < 4; epoch++) {
      Set<Integer> seen = new HashSet<>();
      for (int i = 0; i < 3; i++) {
        for (int s : order.next()) {
          assertTrue(seen.add(s));
        }
      }
      assertEquals(9, seen.size());
    }
    assertArrayEquals(BatchOrder.shuffled(10, 3, 7).next(), BatchOrder.shuffled(10, 3, 7).next());
  }
}
