package dev.ashlar.tensor.kernel;

import java.util.Locale;

/**
 * Which queries and keys belong together: some sequences, each with queries of its own and with
 * keys up to the last query's position, so that query {@code i} of a sequence stands at position
 * {@code keys − length + i}. The queries of all sequences are rows of one matrix, sequence after
 * sequence. Immutable.
 */
public final class AttentionRanges {
  private final int[] firstRow;
  private final int[] keys;
  private final int[] firstKey;

  private AttentionRanges(int[] firstRow, int[] keys, int[] firstKey) {
    this.firstRow = firstRow;
    this.keys = keys;
    this.firstKey = firstKey;
    for (int b = 0; b < keys.length; b++) {
      if (length(b) < 1 || length(b) > keys[b] || firstKey(b) < 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "sequence %d has %d queries and keys %d to %d",
                b,
                length(b),
                firstKey(b),
                keys[b]));
      }
    }
  }

  /** {@code batch} sequences with {@code length} queries and {@code keys} keys each. */
  public static AttentionRanges dense(int batch, int length, int keys) {
    return dense(batch, length, keys, null);
  }

  /**
   * The same with padding on the left.
   *
   * @param firstKey first visible key of each sequence, or null for 0; copied
   */
  public static AttentionRanges dense(int batch, int length, int keys, int[] firstKey) {
    int[] firstRow = new int[batch + 1];
    int[] all = new int[batch];
    for (int b = 0; b < batch; b++) {
      firstRow[b + 1] = Math.addExact(firstRow[b], length);
      all[b] = keys;
    }
    return new AttentionRanges(firstRow, all, firstKey == null ? null : firstKey.clone());
  }

  /**
   * Sequences of any lengths.
   *
   * @param lengths queries of each
   * @param keys keys of each, those of its queries included; copied
   */
  public static AttentionRanges ragged(int[] lengths, int[] keys) {
    if (lengths.length != keys.length) {
      throw new IllegalArgumentException(
          lengths.length + " lengths of queries and " + keys.length + " of keys");
    }
    int[] firstRow = new int[lengths.length + 1];
    for (int b = 0; b < lengths.length; b++) {
      firstRow[b + 1] = Math.addExact(firstRow[b], lengths[b]);
    }
    return new AttentionRanges(firstRow, keys.clone(), null);
  }

  public int sequences() {
    return keys.length;
  }

  /** Queries of all sequences. */
  public int rows() {
    return firstRow[keys.length];
  }

  /** Row of the first query of sequence {@code b}. */
  public int firstRow(int b) {
    return firstRow[b];
  }

  /** Queries of sequence {@code b}. */
  public int length(int b) {
    return firstRow[b + 1] - firstRow[b];
  }

  /** Keys of sequence {@code b}, those that none of its queries sees included. */
  public int keys(int b) {
    return keys[b];
  }

  /** First visible key of sequence {@code b}: what is before it is padding. */
  public int firstKey(int b) {
    return firstKey == null ? 0 : firstKey[b];
  }

  /** For example {@code [3 of 3, 1 of 70]}. */
  @Override
  public String toString() {
    StringBuilder s = new StringBuilder("[");
    for (int b = 0; b < keys.length; b++) {
      s.append(b == 0 ? "" : ", ").append(length(b)).append(" of ").append(keys[b]);
      if (firstKey(b) > 0) {
        s.append(" from ").append(firstKey(b));
      }
    }
    return s.append(']').toString();
  }
}
