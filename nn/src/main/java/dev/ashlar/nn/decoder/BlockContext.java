package dev.ashlar.nn.decoder;

import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.op.Rotate;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kv.KvPages;
import dev.ashlar.tensor.kv.KvRows;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Where the rows of a hidden state stand: a batch of whole sequences of equal length, perhaps
 * padded on the left; or new tokens of sequences of any lengths, each behind what its cache holds.
 */
public final class BlockContext {
  private final AttentionRanges ranges;
  private final int[] horizons;
  private final KvCache[] caches;
  private final int[][] tables;
  private final int[] positions;
  private final int keys;
  private Map<RotaryTables, Rotate.Tables> rotary;

  /**
   * Rotary tables and the place of each row in them.
   *
   * @param positions not to be changed
   */
  record Rotation(Rotate.Tables tables, int[] positions) {}

  private BlockContext(AttentionRanges ranges, int[] horizons, KvCache[] caches, int[][] tables) {
    this.ranges = ranges;
    this.horizons = horizons;
    this.caches = caches;
    this.tables = tables;
    this.positions = new int[ranges.rows()];
    int most = 0;
    for (int b = 0; b < ranges.sequences(); b++) {
      int start = ranges.keys(b) - ranges.length(b) - ranges.firstKey(b);
      for (int i = 0; i < ranges.length(b); i++) {
        positions[ranges.firstRow(b) + i] = Math.max(0, start + i);
      }
      most = Math.max(most, ranges.keys(b));
    }
    this.keys = most;
  }

  /** {@code batch} whole sequences of {@code length} tokens, without padding or cache. */
  public static BlockContext of(int batch, int length) {
    if (batch < 1 || length < 1) {
      throw new IllegalArgumentException("batch " + batch + ", length " + length);
    }
    return dense(AttentionRanges.dense(batch, length, length));
  }

  private static BlockContext dense(AttentionRanges ranges) {
    int[] horizons = new int[ranges.sequences()];
    Arrays.fill(horizons, ranges.keys(0));
    return new BlockContext(ranges, horizons, null, null);
  }

  /**
   * The same with sequences that begin late.
   *
   * @param firstKey for each sequence the index of its first token, whatever is before it being
   *     padding; copied
   * @throws IllegalStateException if the sequences have caches: those need no padding
   */
  public BlockContext leftPadded(int[] firstKey) {
    if (caches != null) {
      throw new IllegalStateException("sequences with caches are not padded");
    }
    if (firstKey.length != ranges.sequences()) {
      throw new IllegalArgumentException(
          firstKey.length + " paddings for a batch of " + ranges.sequences());
    }
    int length = ranges.length(0);
    return dense(AttentionRanges.dense(ranges.sequences(), length, length, firstKey));
  }

  /**
   * New tokens of sequences that have caches, in room that is reserved there now.
   *
   * @param lengths new tokens of each
   * @param horizons the length that each will have, if that is more than it has now
   */
  static BlockContext continuing(KvCache[] caches, int[] lengths, int[] horizons) {
    int[] keys = new int[caches.length];
    int[] ends = new int[caches.length];
    int[][] tables = new int[caches.length][];
    for (int b = 0; b < caches.length; b++) {
      tables[b] = caches[b].reserve(lengths[b]);
      keys[b] = caches[b].length() + lengths[b];
      ends[b] = Math.max(horizons[b], keys[b]);
    }
    return new BlockContext(AttentionRanges.ragged(lengths, keys), ends, caches, tables);
  }

  /** Rows of all sequences. */
  public int rows() {
    return positions.length;
  }

  /** Queries and keys of each sequence. */
  AttentionRanges ranges() {
    return ranges;
  }

  /** Position of each row, {@code [rows]}; not to be changed. */
  int[] positions() {
    return positions;
  }

  /** Whether the sequences have {@linkplain SequenceCache caches}. */
  boolean cached() {
    return caches != null;
  }

  /** Keeps new keys of a block and gives all there are then; see {@link KvCache#store}. */
  KvRows keep(KvPages pages, Tensor x) {
    for (int b = 0; b < caches.length; b++) {
      caches[b].store(pages, ranges.firstRow(b), ranges.length(b), x);
    }
    return new KvRows.Paged(pages, tables);
  }

  /** The pool of the caches. */
  KvPool pool() {
    return caches[0].pool();
  }

  /** Counts the new tokens in the caches. */
  void advance() {
    for (int b = 0; cached() && b < caches.length; b++) {
      caches[b].advance(ranges.length(b));
    }
  }

  /**
   * How the rows turn. Tables that depend on the length of a sequence may differ from one to the
   * next; then each row has a place of its own in tables made of theirs.
   */
  Rotation rotation(RotaryTables t) {
    boolean same = true;
    for (int b = 1; b < horizons.length; b++) {
      same &= horizons[b] == horizons[0];
    }
    if (same || !t.variesWithLength()) {
      return new Rotation(t.upTo(keys, horizons[0]), positions);
    }
    if (rotary == null) {
      rotary = new IdentityHashMap<>();
    }
    int[] own = new int[positions.length];
    Arrays.setAll(own, i -> i);
    return new Rotation(rotary.computeIfAbsent(t, this::rowByRow), own);
  }

  private Rotate.Tables rowByRow(RotaryTables t) {
    Rotate.Tables all = null;
    for (int b = 0; b < horizons.length; b++) {
      Rotate.Tables of = t.upTo(ranges.keys(b), horizons[b]);
      int half = of.rotaryDim() / 2;
      if (all == null) {
        float[] cos = new float[positions.length * half];
        all = new Rotate.Tables(cos, new float[cos.length], of.rotaryDim(), of.interleaved());
      }
      for (int r = ranges.firstRow(b); r < ranges.firstRow(b + 1); r++) {
        System.arraycopy(of.cos(), positions[r] * half, all.cos(), r * half, half);
        System.arraycopy(of.sin(), positions[r] * half, all.sin(), r * half, half);
      }
    }
    return all;
  }
}
