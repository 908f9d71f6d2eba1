package dev.ashlar.text.tokenizer;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.split.PreTokenizer;
import dev.ashlar.text.tokenizer.split.PreTokenizers;
import dev.ashlar.text.tokenizer.text.ByteAlphabet;
import dev.ashlar.text.tokenizer.text.IntList;
import dev.ashlar.text.tokenizer.text.Utf8;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Learns a byte-level byte pair encoding from a text and describes it as a {@code tokenizer.json}.
 *
 * <p>Ids: the special tokens, the 256 bytes in the order of their characters in GPT-2's alphabet,
 * then one token for each merge. Each merge joins the pair that is most frequent in the words that
 * GPT-2's pattern cuts; of equally frequent ones the pair of smaller ids. The same text gives the
 * same tokenizer.
 *
 * <p>"Neural Machine Translation of Rare Words with Subword Units", Sennrich, Haddow and Birch,
 * 2016, section 3.2.
 */
public final class BpeTrainer {
  private static final int LEAST_COUNT = 2;

  private final int vocabulary;
  private final List<String> tokens;
  private final List<List<String>> merges = new ArrayList<>();
  private final List<int[]> words = new ArrayList<>();
  private final IntList counts = new IntList(1024);
  private final Map<Long, Pair> pairs = new HashMap<>();

  /** Pairs that came to be since the queue was last filled. */
  private final List<Long> created = new ArrayList<>();

  private final PriorityQueue<Candidate> queue =
      new PriorityQueue<>(
          Comparator.comparingLong(Candidate::count).reversed().thenComparingLong(Candidate::key));

  /** A pair, its left id in the upper half, and the count it had when it was queued. */
  private record Candidate(long key, long count) {}

  /** How often a pair occurs, and the words that have had it, some perhaps several times. */
  private static final class Pair {
    long count;
    final IntList where = new IntList(8);
  }

  private BpeTrainer(int vocabulary, List<String> specials) {
    this.vocabulary = vocabulary;
    tokens = new ArrayList<>(specials);
  }

  /**
   * The {@code tokenizer.json} of an encoding learned from {@code corpus}.
   *
   * @param vocabulary how many tokens to make at most, special ones and bytes included; fewer if no
   *     pair is left that occurs twice
   * @param specials tokens that are no part of the text, in the order of their ids
   * @throws IllegalArgumentException if the vocabulary cannot hold the special tokens and the bytes
   */
  public static Map<String, Object> train(String corpus, int vocabulary, List<String> specials) {
    if (vocabulary < specials.size() + 256) {
      throw new IllegalArgumentException(
          "a vocabulary of "
              + vocabulary
              + " cannot hold "
              + specials.size()
              + " special tokens and 256 bytes");
    }
    BpeTrainer trainer = new BpeTrainer(vocabulary, specials);
    trainer.countWords(corpus, trainer.addBytes());
    trainer.merge();
    return trainer.json(specials);
  }

  /** Adds the tokens of the bytes and returns their ids by byte value. */
  private int[] addBytes() {
    int[] ids = new int[256];
    char[] alphabet = new char[256];
    for (int b = 0; b < 256; b++) {
      alphabet[b] = ByteAlphabet.charOf(b);
    }
    Arrays.sort(alphabet);
    for (char c : alphabet) {
      ids[ByteAlphabet.byteOf(c)] = tokens.size();
      tokens.add(String.valueOf(c));
    }
    return ids;
  }

  private void countWords(String corpus, int[] byteIds) {
    Map<String, Integer> index = new HashMap<>();
    PreTokenizer cut = PreTokenizers.read(new Node("", "", byteLevel())).beforeSpelling();
    PreTokenizer.Sink count =
        (text, start, end, first) -> {
          String word = new String(text, start, end - start);
          Integer known = index.putIfAbsent(word, words.size());
          if (known != null) {
            counts.set(known, counts.get(known) + 1);
            return;
          }
          byte[] bytes = Utf8.bytes(word);
          int[] symbols = new int[bytes.length];
          Arrays.setAll(symbols, i -> byteIds[bytes[i] & 0xFF]);
          words.add(symbols);
          counts.add(1);
        };
    List<AddedToken> apart =
        tokens.subList(0, tokens.size() - 256).stream()
            .map(token -> AddedToken.plain(0, token, true))
            .toList();
    char[] text = Utf8.wellFormed(corpus);
    new TokenFinder(apart, apart.stream().map(AddedToken::content).toList())
        .find(
            text,
            (start, end, id) -> {
              if (id < 0) {
                cut.split(text, start, end, start == 0, count);
              }
            });
  }

  private void merge() {
    for (int w = 0; w < words.size(); w++) {
      addPairs(w, 1);
    }
    created.clear();
    pairs.forEach((key, pair) -> queue.add(new Candidate(key, pair.count)));
    while (tokens.size() < vocabulary && !queue.isEmpty()) {
      Candidate best = queue.poll();
      Pair pair = pairs.get(best.key);
      if (pair == null || pair.count < LEAST_COUNT) {
        continue;
      }
      if (pair.count == best.count) {
        mergePair((int) (best.key >>> 32), (int) best.key);
      } else {
        // Counts only fall once a pair is there, so this is early enough to notice.
        queue.add(new Candidate(best.key, pair.count));
      }
    }
  }

  private void addPairs(int w, int sign) {
    int[] word = words.get(w);
    for (int i = 0; i + 1 < word.length; i++) {
      Pair pair = pairs.computeIfAbsent((long) word[i] << 32 | word[i + 1], this::create);
      pair.count += (long) sign * counts.get(w);
      if (sign > 0) {
        pair.where.add(w);
      }
    }
  }

  private Pair create(long key) {
    created.add(key);
    return new Pair();
  }

  private void mergePair(int left, int right) {
    int merged = tokens.size();
    tokens.add(tokens.get(left) + tokens.get(right));
    merges.add(List.of(tokens.get(left), tokens.get(right)));
    IntList where = pairs.get((long) left << 32 | right).where;
    for (int k = 0; k < where.size(); k++) {
      int w = where.get(k);
      int[] shorter = replace(words.get(w), left, right, merged);
      if (shorter != null) {
        addPairs(w, -1);
        words.set(w, shorter);
        addPairs(w, 1);
      }
    }
    pairs.remove((long) left << 32 | right);
    created.forEach(key -> queue.add(new Candidate(key, pairs.get(key).count)));
    created.clear();
  }

  /** The word with the pair replaced, from the left; null if it is not there. */
  private static int[] replace(int[] word, int left, int right, int merged) {
    int[] out = new int[word.length];
    int n = 0;
    for (int i = 0; i < word.length; i++) {
      boolean found = i + 1 < word.length && word[i] == left && word[i + 1] == right;
      out[n++] = found ? merged : word[i];
      i += found ? 1 : 0;
    }
    return n == word.length ? null : Arrays.copyOf(out, n);
  }

  private static Map<String, Object> byteLevel() {
    Map<String, Object> step = new LinkedHashMap<>();
    step.put("type", "ByteLevel");
    step.put("add_prefix_space", false);
    step.put("trim_offsets", true);
    step.put("use_regex", true);
    return step;
  }

  private Map<String, Object> json(List<String> specials) {
    List<Object> added = new ArrayList<>();
    for (String special : specials) {
      Map<String, Object> token = new LinkedHashMap<>();
      token.put("id", (long) added.size());
      token.put("content", special);
      for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
        token.put(flag, false);
      }
      token.put("special", true);
      added.add(token);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", "1.0");
    json.put("truncation", null);
    json.put("padding", null);
    json.put("added_tokens", added);
    json.put("normalizer", null);
    json.put("pre_tokenizer", byteLevel());
    json.put("post_processor", null);
    json.put("decoder", byteLevel());
    json.put("model", model());
    return json;
  }

  private Map<String, Object> model() {
    Map<String, Object> vocab = new LinkedHashMap<>();
    for (String token : tokens) {
      vocab.put(token, (long) vocab.size());
    }
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("type", "BPE");
    for (String absent :
        List.of("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix")) {
      model.put(absent, null);
    }
    for (String off : List.of("fuse_unk", "byte_fallback", "ignore_merges")) {
      model.put(off, false);
    }
    model.put("vocab", vocab);
    model.put("merges", merges);
    return model;
  }
}
