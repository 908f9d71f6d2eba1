package dev.ashlar.tensor.kv;

import dev.ashlar.tensor.Magnitude;
import java.util.Arrays;

/**
 * Pages of the keys, or of the values, of one block of a model. A page holds a fixed number of
 * positions, {@code [heads, tokens, dim]}: what a head's queries read lies together, and a sequence
 * grows without anything being moved. Pages are arrays of their own, known by their index.
 *
 * <p>Threads may read and write different rows at the same time; {@link #allocate} and {@link
 * #copy} need the pages for themselves.
 */
public abstract sealed class KvPages permits KvPages.Floats, KvPages.Halves, KvPages.Bytes {
  private final int heads;
  private final int tokens;
  private final int dim;

  private KvPages(int heads, int tokens, int dim) {
    if (heads < 1 || tokens < 1 || dim < 1) {
      throw new IllegalArgumentException("pages of [" + heads + ", " + tokens + ", " + dim + "]");
    }
    this.heads = heads;
    this.tokens = tokens;
    this.dim = dim;
    Math.multiplyExact(heads, Math.multiplyExact(tokens, dim));
  }

  /** No pages yet, each to be {@code [heads, tokens, dim]}. */
  public static KvPages of(KvPrecision precision, int heads, int tokens, int dim) {
    return switch (precision) {
      case F32 -> new Floats(heads, tokens, dim);
      case F16 -> new Halves(heads, tokens, dim);
      case INT8 -> new Bytes(heads, tokens, dim);
    };
  }

  public final int heads() {
    return heads;
  }

  /** Positions of a page. */
  public final int tokens() {
    return tokens;
  }

  public final int dim() {
    return dim;
  }

  /** Index of the first element of a row within its page. */
  public final int at(int head, int token) {
    return (head * tokens + token) * dim;
  }

  final int size() {
    return heads * tokens * dim;
  }

  /** Makes {@code page} exist, with undefined content. */
  public abstract void allocate(int page);

  /** Gives {@code to} the content of {@code from}. */
  public abstract void copy(int from, int to);

  /** Keeps one row, {@code x[xOff .. xOff + dim)}. */
  public abstract void write(int page, int head, int token, float[] x, int xOff);

  /** {@code n} rows of a head, from {@code token} on, as floats one behind another. */
  public abstract void read(int page, int head, int token, int n, float[] y, int yOff);

  /** Bytes of a page. */
  public abstract long pageBytes();

  /** Room for {@code page}, at least doubling what there was. */
  private static <T> T[] room(T[] pages, int page) {
    return page < pages.length
        ? pages
        : Arrays.copyOf(pages, Math.max(page + 1, Math.multiplyExact(2, pages.length)));
  }

  /** As computed. */
  public static final class Floats extends KvPages {
    private float[][] pages = {};

    private Floats(int heads, int tokens, int dim) {
      super(heads, tokens, dim);
    }

    /** The floats of a page; not to be changed. */
    public float[] page(int page) {
      return pages[page];
    }

    @Override
    public void allocate(int page) {
      pages = room(pages, page);
      if (pages[page] == null) {
        pages[page] = new float[size()];
      }
    }

    @Override
    public void copy(int from, int to) {
      System.arraycopy(pages[from], 0, pages[to], 0, size());
    }

    @Override
    public void write(int page, int head, int token, float[] x, int xOff) {
      System.arraycopy(x, xOff, pages[page], at(head, token), dim());
    }

    @Override
    public void read(int page, int head, int token, int n, float[] y, int yOff) {
      System.arraycopy(pages[page], at(head, token), y, yOff, n * dim());
    }

    @Override
    public long pageBytes() {
      return 4L * size();
    }
  }

  /** 16-bit floats; what is beyond their range becomes the largest of them. */
  public static final class Halves extends KvPages {
    private static final float LARGEST = 65504f;

    private short[][] pages = {};

    private Halves(int heads, int tokens, int dim) {
      super(heads, tokens, dim);
    }

    @Override
    public void allocate(int page) {
      pages = room(pages, page);
      if (pages[page] == null) {
        pages[page] = new short[size()];
      }
    }

    @Override
    public void copy(int from, int to) {
      System.arraycopy(pages[from], 0, pages[to], 0, size());
    }

    @Override
    public void write(int page, int head, int token, float[] x, int xOff) {
      narrow(dim(), x, xOff, pages[page], at(head, token));
    }

    private static void narrow(int n, float[] x, int xOff, short[] y, int yOff) {
      for (int i = 0; i < n; i++) {
        y[yOff + i] = Float.floatToFloat16(Math.clamp(x[xOff + i], -LARGEST, LARGEST));
      }
    }

    @Override
    public void read(int page, int head, int token, int n, float[] y, int yOff) {
      widen(n * dim(), pages[page], at(head, token), y, yOff);
    }

    // A loop as plain as this becomes the conversion instructions, which the Vector API lacks.
    private static void widen(int n, short[] x, int xOff, float[] y, int yOff) {
      for (int i = 0; i < n; i++) {
        y[yOff + i] = Float.float16ToFloat(x[xOff + i]);
      }
    }

    @Override
    public long pageBytes() {
      return 2L * size();
    }
  }

  /** Signed bytes with a float scale for each row, its largest magnitude becoming 127. */
  public static final class Bytes extends KvPages {
    private static final int LARGEST = 127;

    private byte[][] pages = {};
    private float[][] scales = {};

    private Bytes(int heads, int tokens, int dim) {
      super(heads, tokens, dim);
    }

    /** The codes of a page; not to be changed. */
    public byte[] codes(int page) {
      return pages[page];
    }

    /** The scales of a page, {@code [heads, tokens]}; not to be changed. */
    public float[] scales(int page) {
      return scales[page];
    }

    @Override
    public void allocate(int page) {
      pages = room(pages, page);
      scales = room(scales, page);
      if (pages[page] == null) {
        pages[page] = new byte[size()];
        scales[page] = new float[heads() * tokens()];
      }
    }

    @Override
    public void copy(int from, int to) {
      System.arraycopy(pages[from], 0, pages[to], 0, size());
      System.arraycopy(scales[from], 0, scales[to], 0, scales[to].length);
    }

    @Override
    public void write(int page, int head, int token, float[] x, int xOff) {
      float largest = Magnitude.largest(x, xOff, xOff + dim());
      byte[] codes = pages[page];
      int to = at(head, token);
      float scale = largest / LARGEST;
      scales[page][head * tokens() + token] = scale;
      if (scale == 0) {
        // Not so a NaN or an infinity: as a scale it makes the row NaN, and the sampler stops.
        Arrays.fill(codes, to, to + dim(), (byte) 0);
        return;
      }
      for (int d = 0; d < dim(); d++) {
        codes[to + d] = (byte) Math.clamp(Math.round(x[xOff + d] / scale), -LARGEST, LARGEST);
      }
    }

    @Override
    public void read(int page, int head, int token, int n, float[] y, int yOff) {
      float[] scale = scales[page];
      int row = head * tokens() + token;
      for (int i = 0; i < n; i++) {
        widen(dim(), pages[page], (row + i) * dim(), scale[row + i], y, yOff + i * dim());
      }
    }

    private static void widen(int n, byte[] x, int xOff, float scale, float[] y, int yOff) {
      for (int i = 0; i < n; i++) {
        y[yOff + i] = x[xOff + i] * scale;
      }
    }

    @Override
    public long pageBytes() {
      return size() + 4L * heads() * tokens();
    }
  }
}
