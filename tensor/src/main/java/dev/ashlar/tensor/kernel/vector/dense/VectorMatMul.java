package dev.ashlar.tensor.kernel.vector.dense;

import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.MatMulKernel;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import java.util.Arrays;

/**
 * Blocked products over packed panels (Goto and van de Geijn, "Anatomy of high-performance matrix
 * multiplication", 2008): a block of B is packed once and shared, each thread packs its rows of A,
 * and a register tile runs over both.
 *
 * <p>Element (i, j) is summed over k in blocks whose borders depend on k alone, each in the order
 * of k, so the bits depend neither on the threads nor on the element's place in its tile.
 */
public final class VectorMatMul implements MatMulKernel {
  /** Most of k in one block: the strip of A stays in the first-level cache. */
  private static final int MAX_DEPTH = 640;

  /** Most floats of B packed at once. */
  private static final int MAX_SHARED = 1 << 20;

  /** Strips of A packed at a time. */
  private static final int STRIPS = 8;

  /** Floats of B that stay in the second-level cache while the strips pass over them. */
  private static final int NEAR = 160 << 10;

  /** Multiplications below which another thread does not pay. */
  private static final long GRAIN = 1 << 18;

  private static final int ROWS = Lanes.TILE_ROWS;
  private static final int PANEL = Lanes.PANEL;

  /** What panels are packed from. */
  private interface Columns {
    /** Packs {@code columns} of them over {@code kc} elements from {@code p} on. */
    void panel(int column, int columns, int p, int kc, float[] to, int toAt);
  }

  /** How an operand lies: along k (its rows are what the product calls rows) or across. */
  private record Operand(float[] data, int off, int ld, boolean alongK) implements Columns {
    int at(int row, int p) {
      return alongK ? off + row * ld + p : off + p * ld + row;
    }

    @Override
    public void panel(int column, int columns, int p, int kc, float[] to, int toAt) {
      if (alongK) {
        Panels.panelFromColumns(columns, kc, data, at(column, p), ld, to, toAt);
      } else {
        Panels.panelFromRows(columns, kc, data, at(column, p), ld, to, toAt);
      }
    }
  }

  /** Rows of 16-bit floats, which are widened on their way into a panel. */
  private record Halves(HalfMatrix w) implements Columns {
    @Override
    public void panel(int column, int columns, int p, int kc, float[] to, int toAt) {
      float[] rows = SCRATCH.get().rows(columns * kc);
      for (int j = 0; j < columns; j++) {
        HalfRows.widen(kc, w, (column + j) * w.in() + p, rows, j * kc);
      }
      Panels.panelFromColumns(columns, kc, rows, 0, kc, to, toAt);
    }
  }

  /** Columns of 16-bit floats, the same. */
  private record HalvesAcross(HalfMatrix w) implements Columns {
    @Override
    public void panel(int column, int columns, int p, int kc, float[] to, int toAt) {
      for (int i = 0; i < kc; i++) {
        int at = toAt + i * PANEL;
        HalfRows.widen(columns, w, (p + i) * w.in() + column, to, at);
        Arrays.fill(to, at + columns, at + PANEL, 0f);
      }
    }
  }

  private record Result(float[] data, int off, int ld) {}

  /** A thread's own buffers; they grow to what is needed and stay. */
  private static final class Scratch {
    float[] strips = new float[0];
    float[] panels = new float[0];
    float[] rows = new float[0];
    final float[] tile = new float[RegisterTile.SPARE];

    float[] strips(int size) {
      if (strips.length < size) {
        strips = new float[size];
      }
      return strips;
    }

    float[] panels(int size) {
      if (panels.length < size) {
        panels = new float[size];
      }
      return panels;
    }

    float[] rows(int size) {
      if (rows.length < size) {
        rows = new float[size];
      }
      return rows;
    }
  }

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  @Override
  public void xwt(
      int m,
      int n,
      int k,
      float[] a,
      int aOff,
      int lda,
      float[] b,
      int bOff,
      int ldb,
      float[] c,
      int cOff,
      int ldc,
      boolean accumulate) {
    if (m <= FewRows.MOST) {
      FewRows.xwt(m, n, k, a, aOff, lda, b, bOff, ldb, c, cOff, ldc, accumulate);
      return;
    }
    product(
        m,
        n,
        k,
        new Operand(a, aOff, lda, true),
        new Operand(b, bOff, ldb, true),
        new Result(c, cOff, ldc),
        accumulate);
  }

  @Override
  public void xwt(int m, float[] x, int xOff, HalfMatrix w, float[] y, int yOff) {
    if (m <= HalfRows.MOST) {
      HalfRows.xwt(m, x, xOff, w, y, yOff);
      return;
    }
    int k = w.in();
    Result c = new Result(y, yOff, w.out());
    product(m, w.out(), k, new Operand(x, xOff, k, true), new Halves(w), c, false);
  }

  @Override
  public void xw(
      int m,
      int n,
      int k,
      float[] a,
      int aOff,
      int lda,
      float[] b,
      int bOff,
      int ldb,
      float[] c,
      int cOff,
      int ldc,
      boolean accumulate) {
    product(
        m,
        n,
        k,
        new Operand(a, aOff, lda, true),
        new Operand(b, bOff, ldb, false),
        new Result(c, cOff, ldc),
        accumulate);
  }

  @Override
  public void xw(
      int m, float[] dy, int dyOff, HalfMatrix w, float[] dx, int dxOff, boolean accumulate) {
    Operand a = new Operand(dy, dyOff, w.out(), true);
    Result c = new Result(dx, dxOff, w.in());
    product(m, w.in(), w.out(), a, new HalvesAcross(w), c, accumulate);
  }

  @Override
  public void xtw(
      int m,
      int n,
      int k,
      float[] a,
      int aOff,
      int lda,
      float[] b,
      int bOff,
      int ldb,
      float[] c,
      int cOff,
      int ldc,
      boolean accumulate) {
    product(
        m,
        n,
        k,
        new Operand(a, aOff, lda, false),
        new Operand(b, bOff, ldb, false),
        new Result(c, cOff, ldc),
        accumulate);
  }

  private static void product(
      int m, int n, int k, Operand a, Columns b, Result c, boolean accumulate) {
    if (k == 0 && !accumulate) {
      for (int i = 0; i < m; i++) {
        Arrays.fill(c.data(), c.off() + i * c.ld(), c.off() + i * c.ld() + n, 0f);
      }
      return;
    }
    int depthBlocks = (k + MAX_DEPTH - 1) / MAX_DEPTH;
    int depth = depthBlocks == 0 ? 0 : (k + depthBlocks - 1) / depthBlocks;
    int panelsAtOnce = Math.max(1, MAX_SHARED / Math.max(1, depth * PANEL));
    int panels = (n + PANEL - 1) / PANEL;
    for (int j = 0; j < panels; j += panelsAtOnce) {
      int count = Math.min(panelsAtOnce, panels - j);
      for (int p = 0; p < k; p += depth) {
        int kc = Math.min(depth, k - p);
        new Block(m, n, p, kc, j, count, a, b, c, accumulate || p > 0).run();
      }
    }
  }

  /** The product over one block of k with one packed block of B. */
  private record Block(
      int m,
      int n,
      int p,
      int kc,
      int firstPanel,
      int panels,
      Operand a,
      Columns b,
      Result c,
      boolean accumulate) {

    void run() {
      float[] shared = SCRATCH.get().panels(panels * PANEL * kc);
      long panelWork = (long) PANEL * kc;
      Parallel.rows(panels, grain(16 * panelWork), (from, to) -> pack(from, to, shared));
      int strips = (m + ROWS - 1) / ROWS;
      int rowBlocks = (strips + STRIPS - 1) / STRIPS;
      // Few rows: cut along the columns too, so that every thread finds work.
      int cuts = rowBlocks >= 4 * Parallel.threads() ? 1 : Math.min(panels, 8 * Parallel.threads());
      int perCut = (panels + cuts - 1) / cuts;
      int columnBlocks = (panels + perCut - 1) / perCut;
      long unitWork = panelWork * perCut * Math.min(m, STRIPS * ROWS);
      Parallel.rows(
          rowBlocks * columnBlocks,
          grain(unitWork),
          (from, to) -> units(from, to, columnBlocks, perCut, shared));
    }

    private static int grain(long unitWork) {
      return (int) Math.max(1, GRAIN / Math.max(1, unitWork));
    }

    private void pack(int from, int to, float[] shared) {
      for (int q = from; q < to; q++) {
        int column = (firstPanel + q) * PANEL;
        int columns = Math.min(PANEL, n - column);
        b.panel(column, columns, p, kc, shared, q * PANEL * kc);
      }
    }

    private void units(int from, int to, int columnBlocks, int perCut, float[] shared) {
      Scratch own = SCRATCH.get();
      float[] strips = own.strips(STRIPS * Lanes.STRIP * kc);
      int packed = -1;
      for (int u = from; u < to; u++) {
        int rowBlock = u / columnBlocks;
        int first = rowBlock * STRIPS;
        int count = Math.min(STRIPS, (m + ROWS - 1) / ROWS - first);
        if (packed != rowBlock) {
          packStrips(first, count, strips);
          packed = rowBlock;
        }
        int q = u % columnBlocks * perCut;
        tiles(first, count, q, Math.min(panels, q + perCut), strips, shared, own.tile);
      }
    }

    private void packStrips(int first, int count, float[] strips) {
      if (!a.alongK()) {
        int rows = Math.min(count * ROWS, m - first * ROWS);
        Panels.stripsFromColumns(rows, kc, a.data(), a.at(first * ROWS, p), a.ld(), strips, 0);
        return;
      }
      for (int s = 0; s < count; s++) {
        int row = (first + s) * ROWS;
        int rows = Math.min(ROWS, m - row);
        int at = s * Lanes.STRIP * kc;
        Panels.stripFromRows(rows, kc, a.data(), a.at(row, p), a.ld(), strips, at);
      }
    }

    private void tiles(
        int first, int count, int q0, int q1, float[] strips, float[] shared, float[] spare) {
      int near = Math.max(1, NEAR / (PANEL * kc));
      for (int q = q0; q < q1; q += near) {
        for (int s = 0; s < count; s++) {
          for (int i = q; i < Math.min(q1, q + near); i++) {
            tile(first + s, s, i, strips, shared, spare);
          }
        }
      }
    }

    private void tile(int strip, int s, int q, float[] strips, float[] shared, float[] spare) {
      int row = strip * ROWS;
      int column = (firstPanel + q) * PANEL;
      int rows = Math.min(ROWS, m - row);
      int columns = Math.min(PANEL, n - column);
      int at = c.off() + row * c.ld() + column;
      int aAt = s * Lanes.STRIP * kc;
      int bAt = q * PANEL * kc;
      RegisterTile.multiply(
          rows, columns, kc, strips, aAt, shared, bAt, c.data(), at, c.ld(), accumulate, spare);
    }
  }
}
