package dev.ashlar.tensor.kernel;

import static dev.ashlar.tensor.kernel.KernelTesting.assertClose;
import static dev.ashlar.tensor.kernel.KernelTesting.floats;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import dev.ashlar.tensor.kv.KvPages;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tensor.kv.KvRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Attention of batches whose sequences differ, over pages: each sequence gets the bits that it gets
 * alone from dense floats, those that its pages hold.
 */
class RaggedAttentionTest {
  private static final int[] LENGTHS = {1, 1, 7, 40, 1, 3, 130, 1, 2};
  private static final int[] KEYS = {1, 257, 7, 40, 64, 131, 200, 1100, 513};
  private static final int[] PAGE_TOKENS = {1, 5, 16, 64, 100};

  /** Heads, heads of keys, dimensions, and what attention does beside. */
  private record Variant(
      int heads, int kvHeads, int dim, int valueDim, int window, float cap, float[] slopes) {
    Spec spec(AttentionRanges ranges) {
      return new Spec(ranges, heads, kvHeads, dim, valueDim, 0.3f, window, cap, slopes);
    }
  }

  private static final List<Variant> VARIANTS =
      List.of(
          new Variant(6, 2, 64, 64, 0, 0, null),
          new Variant(3, 3, 24, 40, 0, 0, null),
          new Variant(4, 1, 32, 48, 77, 0, null),
          new Variant(2, 2, 16, 16, 9, 2f, null),
          new Variant(4, 2, 65, 33, 0, 1.5f, new float[] {0.5f, 0.25f, 0.125f, 0.0625f}));

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void eachSequenceIsComputedAsIfAlone(Backend backend) {
    for (Variant v : VARIANTS) {
      for (KvPrecision precision : KvPrecision.values()) {
        for (int tokens : PAGE_TOKENS) {
          check(backend, v, precision, tokens);
        }
      }
    }
  }

  private static void check(Backend backend, Variant v, KvPrecision precision, int tokens) {
    Random random = new Random(17);
    String what = v + " " + precision + " in pages of " + tokens;
    AttentionRanges ranges = AttentionRanges.ragged(LENGTHS, KEYS);
    Spec all = v.spec(ranges);
    KvRows.Paged k = pages(precision, v.kvHeads(), tokens, v.dim(), random);
    KvRows.Paged values = pages(precision, v.kvHeads(), tokens, v.valueDim(), random);
    float[] q = floats(random, ranges.rows() * v.heads() * v.dim(), 1.5f);
    float[] out = floats(random, ranges.rows() * v.heads() * v.valueDim(), 1f);
    float[] lse = new float[ranges.rows() * v.heads()];
    backend.attention().forward(all, q, k, values, out, lse);
    for (int b = 0; b < LENGTHS.length; b++) {
      Spec one = v.spec(AttentionRanges.dense(1, LENGTHS[b], KEYS[b]));
      int qSize = v.heads() * v.dim();
      int outSize = v.heads() * v.valueDim();
      int row = ranges.firstRow(b);
      int end = ranges.firstRow(b + 1);
      float[] oneQ = Arrays.copyOfRange(q, row * qSize, end * qSize);
      float[] oneOut = new float[LENGTHS[b] * outSize];
      float[] oneLse = new float[LENGTHS[b] * v.heads()];
      KvRows.Dense oneK = dense(k, b);
      KvRows.Dense oneV = dense(values, b);
      backend.attention().forward(one, oneQ, oneK, oneV, oneOut, oneLse);
      float[] found = Arrays.copyOfRange(out, row * outSize, end * outSize);
      assertArrayEquals(oneOut, found, what + ", sequence " + b);
      assertArrayEquals(
          oneLse, Arrays.copyOfRange(lse, row * v.heads(), end * v.heads()), "lse " + what);
      float[] expected = new float[oneOut.length];
      Backends.reference().attention().forward(one, oneQ, oneK, oneV, expected, null);
      assertClose(expected, found, 1e-6, 2e-6, what);
    }
  }

  /** Random rows in pages that lie in no order, some of which two sequences share. */
  private static KvRows.Paged pages(
      KvPrecision precision, int heads, int tokens, int dim, Random random) {
    KvPages pages = KvPages.of(precision, heads, tokens, dim);
    List<Integer> free = new ArrayList<>();
    int needed = Arrays.stream(KEYS).map(n -> Math.ceilDiv(n, tokens)).sum();
    for (int i = 0; i < needed; i++) {
      pages.allocate(i);
      free.add(i);
    }
    Collections.shuffle(free, random);
    int[][] tables = new int[KEYS.length][];
    for (int b = 0; b < KEYS.length; b++) {
      tables[b] = new int[Math.ceilDiv(KEYS[b], tokens)];
      Arrays.setAll(tables[b], i -> free.removeLast());
    }
    tables[3][0] = tables[1][0];
    for (int[] table : tables) {
      for (int page : table) {
        for (int h = 0; h < heads; h++) {
          for (int t = 0; t < tokens; t++) {
            pages.write(page, h, t, floats(random, dim, 1.5f), 0);
          }
        }
      }
    }
    return new KvRows.Paged(pages, tables);
  }

  /** The rows of one sequence widened. */
  private static KvRows.Dense dense(KvRows.Paged x, int b) {
    float[] data = new float[KEYS[b] * x.heads() * x.dim()];
    float[] row = new float[x.dim()];
    for (int j = 0; j < KEYS[b]; j++) {
      for (int h = 0; h < x.heads(); h++) {
        x.read(b, h, j, j + 1, row, 0);
        System.arraycopy(row, 0, data, (j * x.heads() + h) * x.dim(), x.dim());
      }
    }
    return new KvRows.Dense(data, KEYS[b], x.heads(), x.dim());
  }

  @Test
  void rangesThatFitNothingAreRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> AttentionRanges.ragged(new int[] {2}, new int[] {1}));
    assertThrows(
        IllegalArgumentException.class, () -> AttentionRanges.ragged(new int[] {0}, new int[] {1}));
    assertThrows(
        IllegalArgumentException.class,
        () -> AttentionRanges.ragged(new int[] {1, 1}, new int[] {1}));
    assertThrows(
        IllegalArgumentException.class, () -> AttentionRanges.dense(1, 1, 1, new int[] {-1}));
  }
}
