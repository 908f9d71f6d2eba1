package dev.ashlar.tensor.kv;

/**
 * The keys, or the values, of some sequences: a row of numbers for each head and position of each
 * sequence. What kernels read.
 */
public sealed interface KvRows {
  /** Heads that have rows of their own. */
  int heads();

  /** Elements of a row. */
  int dim();

  /**
   * Rows {@code [from, to)} of one head of one sequence as floats, one behind another: the
   * definition of what is kept, and the way to it for a kernel that has no shorter one.
   */
  void read(int sequence, int head, int from, int to, float[] y, int yOff);

  /**
   * Sequences of equally many keys, {@code [sequences, keys, heads, dim]}.
   *
   * @param data not copied
   */
  record Dense(float[] data, int keys, int heads, int dim) implements KvRows {
    /** Index of the first element of a row. */
    public int at(int sequence, int head, int position) {
      return ((sequence * keys + position) * heads + head) * dim;
    }

    /** Elements from one position of a head to the next. */
    public int stride() {
      return heads * dim;
    }

    @Override
    public void read(int sequence, int head, int from, int to, float[] y, int yOff) {
      for (int j = from; j < to; j++) {
        System.arraycopy(data, at(sequence, head, j), y, yOff + (j - from) * dim, dim);
      }
    }
  }

  /**
   * Rows in pages, which sequences may share.
   *
   * @param tables for each sequence the pages of its positions in order; not copied
   */
  record Paged(KvPages pages, int[][] tables) implements KvRows {
    @Override
    public int heads() {
      return pages.heads();
    }

    @Override
    public int dim() {
      return pages.dim();
    }

    @Override
    public void read(int sequence, int head, int from, int to, float[] y, int yOff) {
      int tokens = pages.tokens();
      for (int j = from; j < to; ) {
        int slot = j % tokens;
        int n = Math.min(to - j, tokens - slot);
        int page = tables[sequence][j / tokens];
        pages.read(page, head, slot, n, y, yOff + (j - from) * pages.dim());
        j += n;
      }
    }
  }
}
