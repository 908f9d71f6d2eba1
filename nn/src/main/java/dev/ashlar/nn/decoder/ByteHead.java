package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.affine.Affine;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * A matrix rounded to bytes while it is read, some rows at a time, so that its floats are never in
 * memory as a whole; see {@link HeadPrecision#INT8}.
 *
 * @param matrix the codes
 * @param error root mean square of what rounding changed, relative to that of the weights
 */
record ByteHead(QuantizedMatrix matrix, double error) {
  private static final IntegerGrid GRID = new IntegerGrid(Byte.SIZE, HeadPrecision.GROUP, true);

  /** Floats of the rows that are rounded together. */
  private static final int CHUNK = 1 << 22;

  /**
   * Reads and rounds.
   *
   * @param check is given the rows that were read, and may refuse them
   */
  static ByteHead of(MatrixPlace place, Backend backend, Consumer<Tensor> check) {
    int out = place.out();
    int in = place.in();
    int groups = GRID.groups(in);
    byte[] codes = new byte[Math.multiplyExact(out, in)];
    float[] scales = new float[out * groups];
    byte[] zeros = new byte[out * groups];
    double changed = 0;
    double size = 0;
    // One that lies turned is read as a whole.
    int rows = place.turned() ? out : Math.clamp(CHUNK / Math.max(1, in), 1, Math.max(1, out));
    float[] rounded = new float[in];
    for (int from = 0; from < out; from += rows) {
      int n = Math.min(rows, out - from);
      Tensor w = (n == out ? place : place.part(from, n)).floats();
      check.accept(w);
      QuantizedMatrix part = Affine.nearest(w, GRID, backend);
      System.arraycopy(part.codes().values(), 0, codes, from * in, n * in);
      System.arraycopy(part.zeroPoints().scales(), 0, scales, from * groups, n * groups);
      System.arraycopy(part.zeroPoints().zeros(), 0, zeros, from * groups, n * groups);
      for (int r = 0; r < n; r++) {
        part.readRow(r, rounded, 0);
        for (int i = 0; i < in; i++) {
          double x = w.data()[r * in + i];
          changed += (x - rounded[i]) * (x - rounded[i]);
          size += x * x;
        }
      }
    }
    QuantizedMatrix matrix = new QuantizedMatrix(out, in, GRID, codes, scales, zeros);
    return new ByteHead(matrix, size == 0 ? 0 : Math.sqrt(changed / size));
  }

  /** What rounding did, for whoever asked for it. */
  String sentence() {
    return String.format(
        Locale.ROOT,
        "the output head [%d, %d] runs in 8 bits; its weights differ by %.2f %%",
        matrix.out(),
        matrix.in(),
        100 * error);
  }
}
