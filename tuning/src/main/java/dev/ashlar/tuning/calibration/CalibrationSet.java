package dev.ashlar.tuning.calibration;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;

/**
 * Samples of equal length, and which of their positions count in a loss. Arrays are shared; treat
 * them as read-only.
 */
public final class CalibrationSet {
  private final List<int[]> samples;
  private final boolean[][] counted;
  private final int length;

  private CalibrationSet(List<int[]> samples, boolean[][] counted, int length) {
    this.samples = List.copyOf(samples);
    this.counted = counted;
    this.length = length;
  }

  /** No samples, for methods that need none. */
  public static CalibrationSet none() {
    return new CalibrationSet(List.of(), new boolean[0][], 0);
  }

  /**
   * Samples of which every position counts but the last one, padding, and, where there is no
   * padding token, a run of one token at the end.
   *
   * @param pad the padding token's id, if there is one
   * @throws IllegalArgumentException if the samples differ in length
   */
  public static CalibrationSet of(List<int[]> samples, OptionalInt pad) {
    boolean[][] counted = new boolean[samples.size()][];
    for (int i = 0; i < counted.length; i++) {
      counted[i] = counted(samples.get(i), pad);
    }
    return of(samples, counted);
  }

  /**
   * Texts of different lengths as samples of the longest one's: behind the end of a shorter one its
   * last token stands again, and no position from that end on counts. Of the others all do but
   * padding, and, in those of full length, a run of one token at the end where there is no padding
   * token.
   *
   * @param length of those that are known to be cut off
   */
  static CalibrationSet padded(List<int[]> texts, int length, OptionalInt pad) {
    int longest = texts.stream().mapToInt(t -> t.length).max().orElse(0);
    List<int[]> samples = new ArrayList<>();
    boolean[][] counted = new boolean[texts.size()][];
    for (int i = 0; i < counted.length; i++) {
      int[] text = texts.get(i);
      if (text.length == length) {
        counted[i] = counted(text, pad);
        samples.add(text);
        continue;
      }
      int[] sample = Arrays.copyOf(text, longest);
      Arrays.fill(sample, text.length, longest, text[text.length - 1]);
      samples.add(sample);
      counted[i] = new boolean[longest];
      for (int t = 0; t + 1 < text.length; t++) {
        counted[i][t] = pad.isEmpty() || text[t] != pad.getAsInt();
      }
    }
    return of(samples, counted);
  }

  /** Samples with the positions that count, {@code [samples][length]}. */
  public static CalibrationSet of(List<int[]> samples, boolean[][] counted) {
    int length = samples.isEmpty() ? 0 : samples.getFirst().length;
    for (int i = 0; i < samples.size(); i++) {
      if (samples.get(i).length != length || counted[i].length != length) {
        throw new IllegalArgumentException(
            "sample " + i + " has " + samples.get(i).length + " tokens, the first " + length);
      }
    }
    return new CalibrationSet(samples, counted, length);
  }

  private static boolean[] counted(int[] sample, OptionalInt pad) {
    boolean[] counts = new boolean[sample.length];
    int end = sample.length - 1;
    if (pad.isEmpty()) {
      while (end > 0 && sample[end - 1] == sample[sample.length - 1]) {
        end--;
      }
    }
    for (int t = 0; t < end; t++) {
      counts[t] = pad.isEmpty() || sample[t] != pad.getAsInt();
    }
    return counts;
  }

  /** Samples. */
  public int count() {
    return samples.size();
  }

  /** Tokens of each sample. */
  public int length() {
    return length;
  }

  /** Token ids of one sample. */
  public int[] sample(int i) {
    return samples.get(i);
  }

  /** For each sample, which positions count in a loss. */
  public boolean[][] counted() {
    return counted;
  }

  /** Token ids of samples {@code [first, first + count)}, one after the other. */
  public int[] ids(int first, int count) {
    int[] ids = new int[count * length];
    for (int i = 0; i < count; i++) {
      System.arraycopy(samples.get(first + i), 0, ids, i * length, length);
    }
    return ids;
  }

  /** The first {@code count} samples, or all if there are fewer. */
  public CalibrationSet first(int count) {
    int n = Math.min(count, samples.size());
    return new CalibrationSet(samples.subList(0, n), Arrays.copyOf(counted, n), length);
  }

  /**
   * Refuses ids that a model does not have.
   *
   * @throws IllegalArgumentException naming one
   */
  public void requireWithin(int vocab) {
    for (int[] sample : samples) {
      for (int id : sample) {
        if (id < 0 || id >= vocab) {
          throw new IllegalArgumentException(
              "calibration token " + id + " is not in the model's vocabulary of " + vocab);
        }
      }
    }
  }

  /** SHA-256 of all ids and masks: equal digests mean equal data. */
  public String digest() {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      ByteBuffer row = ByteBuffer.allocate(5 * length).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < samples.size(); i++) {
        row.clear();
        for (int t = 0; t < length; t++) {
          row.putInt(samples.get(i)[t]).put((byte) (counted[i][t] ? 1 : 0));
        }
        sha.update(row.flip());
      }
      return HexFormat.of().formatHex(sha.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
