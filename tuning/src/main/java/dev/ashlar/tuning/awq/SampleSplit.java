package dev.ashlar.tuning.awq;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Which calibration samples serve what: few are enough to compare candidates, some of those are
 * kept from the search to judge what it found, and all but these tell statistics.
 *
 * @param searched candidates are compared on these
 * @param held what was found is judged on these; the same as {@code searched} if there is one
 *     sample only
 * @param rest of the samples
 * @param length tokens of a searched or held sample that are looked at, from its first
 */
record SampleSplit(int[] searched, int[] held, int[] rest, int length) {
  /** Tokens of a sample that are looked at; AutoRound's. */
  private static final int LENGTH = 512;

  /** One of so many samples is held out. */
  private static final int PART = 3;

  /**
   * Of {@code count} samples of {@code length} tokens, so that about {@code tokens} are searched
   * and half as many held; spread evenly over all.
   */
  static SampleSplit of(int count, int length, int tokens) {
    int seen = Math.min(length, LENGTH);
    int wanted = Math.max(1, Math.ceilDiv(tokens, seen));
    int picks = (int) Math.min(count, wanted + Math.ceilDiv(wanted, PART - 1L));
    int[] picked = IntStream.range(0, picks).map(i -> (int) ((long) i * count / picks)).toArray();
    int[] held = part(picked, true);
    int[] searched = part(picked, false);
    int[] rest =
        IntStream.range(0, count).filter(i -> Arrays.binarySearch(picked, i) < 0).toArray();
    return new SampleSplit(searched, held.length == 0 ? searched : held, rest, seen);
  }

  private static int[] part(int[] picked, boolean held) {
    int last = Math.min(PART, picked.length) - 1;
    return IntStream.range(0, picked.length)
        .filter(i -> held == (picked.length > 1 && i % PART == last))
        .map(i -> picked[i])
        .toArray();
  }
}
