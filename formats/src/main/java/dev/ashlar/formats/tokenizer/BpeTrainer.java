package dev.ashlar.formats.tokenizer;

import dev.ashlar.formats.tokenizer.text.ByteAlphabet;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Trains a byte-level BPE vocabulary (Sennrich et al., arXiv 1508.07909, algorithm 1, on bytes):
 * the most frequent adjacent pair becomes a token until the vocabulary is full. Ties go to the pair
 * whose two tokens come first in the vocabulary, so that the same text gives the same tokens.
 *
 * <p>Meant for corpora of some megabytes; every merge looks only at the words that hold the pair.
 */
public final class BpeTrainer {
  /** GPT-2's words. */
  private static final Pattern WORDS =
      Pattern.compile(
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
          Pattern.UNICODE_CHARACTER_CLASS);

  /** A distinct word of the corpus as its present tokens. */
  private static final class Word {
    private final long count;
    private List<Integer> tokens;

    Word(List<Integer> tokens, long count) {
      this.tokens = tokens;
      this.count = count;
    }
  }

  private record Pair(int left, int right) {
    static final Comparator<Pair> VOCABULARY_ORDER =
        Comparator.comparingInt(Pair::left).thenComparingInt(Pair::right);
  }

  private final List<String> vocabulary = new ArrayList<>();
  private final List<List<String>> merges = new ArrayList<>();
  private final List<String> special;
  private final Map<Pair, Long> counts = new HashMap<>();
  private final Map<Pair, List<Word>> holders = new HashMap<>();

  private BpeTrainer(List<String> special) {
    this.special = List.copyOf(special);
    vocabulary.addAll(special);
    for (int b = 0; b < 256; b++) {
      vocabulary.add(String.valueOf(ByteAlphabet.charOf(b)));
    }
  }

  /**
   * Learns a vocabulary of {@code size} tokens from {@code text}.
   *
   * @param special tokens that stand first in the vocabulary and are never merged
   * @return the tokenizer as the object of a {@code tokenizer.json}
   * @throws IllegalArgumentException if {@code size} leaves no room for the 256 bytes
   */
  public static Map<String, Object> train(String text, int size, List<String> special) {
    if (size < 256 + special.size()) {
      throw new IllegalArgumentException(
          "a vocabulary of " + size + " cannot hold 256 bytes and " + special.size() + " specials");
    }
    BpeTrainer trainer = new BpeTrainer(special);
    trainer.count(text);
    while (trainer.vocabulary.size() < size && trainer.mergeMostFrequent()) {
      // One token more each time.
    }
    return trainer.json();
  }

  private void count(String text) {
    Map<String, Long> words = new TreeMap<>();
    Matcher m = WORDS.matcher(text);
    while (m.find()) {
      words.merge(m.group(), 1L, Long::sum);
    }
    words.forEach(
        (text0, count) -> {
          char[] chars = text0.toCharArray();
          List<Integer> tokens = new ArrayList<>();
          for (char c : ByteAlphabet.spell(chars, 0, chars.length)) {
            tokens.add(special.size() + ByteAlphabet.byteOf(c));
          }
          add(new Word(tokens, count), +1);
        });
  }

  /** Enters the word's pairs into the account, or takes them out. */
  private void add(Word word, int sign) {
    for (int i = 0; i + 1 < word.tokens.size(); i++) {
      Pair pair = new Pair(word.tokens.get(i), word.tokens.get(i + 1));
      counts.merge(pair, sign * word.count, Long::sum);
      if (sign > 0) {
        List<Word> list = holders.computeIfAbsent(pair, p -> new ArrayList<>());
        if (list.isEmpty() || list.getLast() != word) {
          list.add(word);
        }
      }
    }
  }

  private boolean mergeMostFrequent() {
    Pair best = null;
    long most = 1;
    for (Map.Entry<Pair, Long> e : counts.entrySet()) {
      boolean tieWon =
          best != null
              && e.getValue() == most
              && Pair.VOCABULARY_ORDER.compare(e.getKey(), best) < 0;
      if (e.getValue() > most || tieWon) {
        best = e.getKey();
        most = e.getValue();
      }
    }
    if (best == null) {
      return false;
    }
    String left = vocabulary.get(best.left());
    String right = vocabulary.get(best.right());
    int merged = vocabulary.size();
    vocabulary.add(left + right);
    merges.add(List.of(left, right));
    for (Word word : holders.remove(best)) {
      add(word, -1);
      word.tokens = joined(word.tokens, best, merged);
      add(word, +1);
    }
    counts.remove(best);
    return true;
  }

  private static List<Integer> joined(List<Integer> tokens, Pair pair, int merged) {
    List<Integer> out = new ArrayList<>(tokens.size());
    for (int i = 0; i < tokens.size(); i++) {
      boolean here =
          i + 1 < tokens.size()
              && tokens.get(i) == pair.left()
              && tokens.get(i + 1) == pair.right();
      out.add(here ? merged : tokens.get(i));
      i += here ? 1 : 0;
    }
    return out;
  }

  private Map<String, Object> json() {
    Map<String, Object> vocab = new LinkedHashMap<>();
    for (int i = 0; i < vocabulary.size(); i++) {
      vocab.put(vocabulary.get(i), (long) i);
    }
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("type", "BPE");
    model.put("vocab", vocab);
    model.put("merges", merges);
    List<Object> added = new ArrayList<>();
    for (int i = 0; i < special.size(); i++) {
      added.add(specialToken(i));
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", "1.0");
    json.put("added_tokens", added);
    json.put("normalizer", null);
    json.put("pre_tokenizer", byteLevel());
    json.put("post_processor", byteLevel());
    json.put("decoder", byteLevel());
    json.put("model", model);
    return json;
  }

  private Map<String, Object> specialToken(int id) {
    Map<String, Object> token = new LinkedHashMap<>();
    token.put("id", (long) id);
    token.put("content", special.get(id));
    token.put("single_word", false);
    token.put("lstrip", false);
    token.put("rstrip", false);
    token.put("normalized", false);
    token.put("special", true);
    return token;
  }

  private static Map<String, Object> byteLevel() {
    Map<String, Object> part = new LinkedHashMap<>();
    part.put("type", "ByteLevel");
    part.put("add_prefix_space", false);
    part.put("trim_offsets", true);
    part.put("use_regex", true);
    return part;
  }
}
