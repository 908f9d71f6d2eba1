package dev.ashlar.tuning.calibration;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * Makes samples of equal length from data sets.
 *
 * <p>A single plain text is tokenized as a whole without special tokens, and cut, in order, into
 * one sample per {@code length} ids. Separate documents are shuffled with the seed, encoded with
 * the tokenizer's special tokens, cut off at {@code length}, and dropped if they are shorter or if
 * one token makes up more than half of them; with {@code concat} they are joined and cut instead.
 * Whoever trains on them has shorter ones filled up instead, by what does not count. Of several
 * data sets each gives what its {@code num} says or an even share of the rest, smallest first, and
 * the whole is shuffled.
 *
 * @param set the samples
 * @param warnings what the user should know, a sentence each
 */
public record Calibration(CalibrationSet set, List<String> warnings) {
  /**
   * A data set and what it holds.
   *
   * @param spec how it was asked for
   * @param documents what was read
   */
  public record Source(DatasetSpec spec, Documents documents) {}

  /**
   * Up to {@code count} samples of {@code length} tokens.
   *
   * @param pad the tokenizer's padding token, if it has one
   * @throws CalibrationException if there is not one sample, or a chat template is asked for and
   *     there is none
   */
  public static Calibration of(
      List<Source> sources, Encoder encoder, int count, int length, long seed, OptionalInt pad) {
    return of(sources, encoder, new Amount(count, length, false), seed, pad);
  }

  /**
   * How much is wanted.
   *
   * @param count samples
   * @param length tokens of each
   * @param most whether fewer are as good, so that nobody needs to be told
   * @param padded whether documents that are shorter are samples too, filled up by positions that
   *     do not count; all have the length of the longest then
   */
  public record Amount(int count, int length, boolean most, boolean padded) {
    /** Of samples that are all whole. */
    public Amount(int count, int length, boolean most) {
      this(count, length, most, false);
    }
  }

  /** Samples of an amount; otherwise the same. */
  public static Calibration of(
      List<Source> sources, Encoder encoder, Amount amount, long seed, OptionalInt pad) {
    int count = amount.count();
    int length = amount.length();
    if (count < 1 || length < 2) {
      throw new IllegalArgumentException(count + " samples of " + length + " tokens");
    }
    List<String> warnings = new ArrayList<>();
    List<List<int[]>> candidates = new ArrayList<>();
    for (Source s : sources) {
      if (s.spec().concat() && s.documents() instanceof Documents.PlainText) {
        warnings.add(s.spec().name() + ": concat has no effect on one running text");
      }
      int wanted = s.spec().num().orElse(count);
      List<int[]> found = candidates(s, encoder, wanted, amount, seed, warnings);
      if (found.isEmpty()) {
        throw none(s, amount);
      }
      if (s.spec().num().isPresent() && found.size() < wanted) {
        warnings.add(fewer(s.spec().name(), found.size(), wanted, length));
      }
      candidates.add(found);
    }
    List<int[]> samples = merged(sources, candidates, count, seed);
    if (samples.size() < count && !amount.most()) {
      warnings.add(fewer("calibration", samples.size(), count, length));
    }
    CalibrationSet set =
        amount.padded()
            ? CalibrationSet.padded(samples, length, pad)
            : CalibrationSet.of(samples, pad);
    return new Calibration(set, List.copyOf(warnings));
  }

  private static CalibrationException none(Source s, Amount amount) {
    int length = amount.length();
    boolean separate = s.documents() instanceof Documents.Separate && !s.spec().concat();
    if (separate && amount.padded()) {
      return new CalibrationException(
          s.spec().name(),
          "no document in it has two usable tokens",
          "give texts to learn from; one that repeats a single token is none");
    }
    return new CalibrationException(
        s.spec().name(),
        "no text in it has " + length + " usable tokens",
        "choose a shorter seqlen" + (separate ? " or join short texts with :concat" : ""));
  }

  private static String fewer(String what, int found, int wanted, int length) {
    return what
        + ": only "
        + found
        + " of "
        + wanted
        + " samples of "
        + length
        + " tokens could be made";
  }

  private static List<int[]> candidates(
      Source s, Encoder encoder, int wanted, Amount amount, long seed, List<String> warnings) {
    int length = amount.length();
    DocumentEncoder documents = new DocumentEncoder(s.spec(), encoder);
    return switch (s.documents()) {
      case Documents.PlainText t -> cut(documents.ids(t), new int[0], wanted, length);
      case Documents.Separate d -> {
        boolean concat = s.spec().concat();
        Function<Documents.Document, int[]> encode = document -> documents.ids(document, !concat);
        yield concat
            ? joined(d.documents(), encode, prefix(s.spec(), encoder), wanted, length, seed)
            : amount.padded()
                ? padded(s.spec().name(), d.documents(), encode, wanted, length, seed, warnings)
                : separate(d.documents(), encode, wanted, length, seed);
      }
    };
  }

  /** Samples of {@code prefix} and consecutive pieces of {@code ids}; a short rest is dropped. */
  private static List<int[]> cut(int[] ids, int[] prefix, int wanted, int length) {
    int piece = length - prefix.length;
    List<int[]> samples = new ArrayList<>();
    for (int at = 0; at + piece <= ids.length && samples.size() < wanted; at += piece) {
      int[] sample = Arrays.copyOf(prefix, length);
      System.arraycopy(ids, at, sample, prefix.length, piece);
      samples.add(sample);
    }
    return samples;
  }

  private static List<int[]> separate(
      List<Documents.Document> documents,
      Function<Documents.Document, int[]> encode,
      int wanted,
      int length,
      long seed) {
    List<int[]> samples = new ArrayList<>();
    for (int i : Shuffle.order(documents.size(), seed)) {
      if (samples.size() == wanted) {
        break;
      }
      int[] ids = encode.apply(documents.get(i));
      if (ids.length >= length && !degenerate(ids, length)) {
        samples.add(Arrays.copyOf(ids, length));
      }
    }
    return samples;
  }

  /** The beginnings of documents, or all of those that are shorter; says how many are no text. */
  private static List<int[]> padded(
      String name,
      List<Documents.Document> documents,
      Function<Documents.Document, int[]> encode,
      int wanted,
      int length,
      long seed,
      List<String> warnings) {
    List<int[]> samples = new ArrayList<>();
    int empty = 0;
    for (int i : Shuffle.order(documents.size(), seed)) {
      if (samples.size() == wanted) {
        break;
      }
      int[] ids = encode.apply(documents.get(i));
      int n = Math.min(ids.length, length);
      if (n == length ? degenerate(ids, n) : Arrays.stream(ids).distinct().count() < 2) {
        empty++;
      } else {
        samples.add(ids.length == n ? ids : Arrays.copyOf(ids, n));
      }
    }
    if (empty > 0) {
      warnings.add(
          name
              + ": "
              + empty
              + " of "
              + documents.size()
              + " documents are left out, having one token over and over, or no two");
    }
    return samples;
  }

  /** Whether the last of the first {@code length} tokens makes up more than half of them. */
  private static boolean degenerate(int[] ids, int length) {
    int same = 0;
    for (int i = 0; i < length; i++) {
      same += ids[i] == ids[length - 1] ? 1 : 0;
    }
    return same > length / 2;
  }

  private static List<int[]> joined(
      List<Documents.Document> documents,
      Function<Documents.Document, int[]> encode,
      int[] prefix,
      int wanted,
      int length,
      long seed) {
    if (prefix.length >= length) {
      return List.of();
    }
    long enough = (long) wanted * (length - prefix.length);
    int[] all = new int[1024];
    int n = 0;
    for (int i : Shuffle.order(documents.size(), seed)) {
      if (n >= enough) {
        break;
      }
      int[] ids = encode.apply(documents.get(i));
      if (n + ids.length > all.length) {
        all = Arrays.copyOf(all, Math.max(2 * all.length, n + ids.length));
      }
      System.arraycopy(ids, 0, all, n, ids.length);
      n += ids.length;
    }
    return cut(Arrays.copyOf(all, n), prefix, wanted, length);
  }

  /**
   * What the tokenizer puts before every text: each joined piece gets it back. Templates write it
   * themselves.
   */
  private static int[] prefix(DatasetSpec spec, Encoder encoder) {
    if (spec.chatTemplate()) {
      return new int[0];
    }
    int[] bare = encoder.encode("a", false);
    int[] full = encoder.encode("a", true);
    for (int at = 0; at + bare.length <= full.length; at++) {
      if (Arrays.equals(bare, 0, bare.length, full, at, at + bare.length)) {
        return Arrays.copyOf(full, at);
      }
    }
    return new int[0];
  }

  private static List<int[]> merged(
      List<Source> sources, List<List<int[]>> candidates, int count, long seed) {
    if (sources.size() == 1) {
      List<int[]> only = candidates.getFirst();
      return only.subList(0, Math.min(count, only.size()));
    }
    int[] shares = shares(sources, candidates, count);
    List<int[]> all = new ArrayList<>();
    for (int i = 0; i < shares.length; i++) {
      all.addAll(candidates.get(i).subList(0, shares[i]));
    }
    List<int[]> shuffled = new ArrayList<>();
    for (int i : Shuffle.order(all.size(), seed)) {
      if (shuffled.size() < count) {
        shuffled.add(all.get(i));
      }
    }
    return shuffled;
  }

  private static int[] shares(List<Source> sources, List<List<int[]>> candidates, int count) {
    int[] shares = new int[sources.size()];
    List<Integer> open = new ArrayList<>();
    int left = count;
    for (int i = 0; i < shares.length; i++) {
      if (sources.get(i).spec().num().isPresent()) {
        shares[i] = candidates.get(i).size();
        left -= shares[i];
      } else {
        open.add(i);
      }
    }
    open.sort(Comparator.comparingInt(i -> candidates.get(i).size()));
    for (int k = 0; k < open.size(); k++) {
      int i = open.get(k);
      // Rounded up without adding: a user's count may be as large as an int can be.
      int even = Math.ceilDiv(Math.max(0, left), open.size() - k);
      shares[i] = Math.min(even, candidates.get(i).size());
      left -= shares[i];
    }
    return shares;
  }
}
