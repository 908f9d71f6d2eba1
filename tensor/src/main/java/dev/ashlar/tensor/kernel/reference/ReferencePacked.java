package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Outliers;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;

/** Multiplies by the dequantized weight, row by row, straight from the plain codes. */
final class ReferencePacked implements PackedKernel {
  private record Plain(QuantizedMatrix matrix) implements PackedMatrix {
    @Override
    public int out() {
      return matrix.out();
    }

    @Override
    public int in() {
      return matrix.in();
    }

    @Override
    public long byteSize() {
      return matrix.codes().values().length
          + matrix.groups().byteSize()
          + matrix.outliers().map(Outliers::byteSize).orElse(0L);
    }

    boolean rounds(ActivationPrecision activations) {
      return matrix.codes() instanceof Codes.Integers codes
          && activations.rounds(codes.bits(), matrix.in());
    }
  }

  @Override
  public PackedMatrix pack(QuantizedMatrix matrix) {
    return new Plain(matrix);
  }

  @Override
  public void multiply(
      int m,
      float[] x,
      int xOff,
      PackedMatrix w,
      ActivationPrecision activations,
      float[] y,
      int yOff) {
    Plain plain = (Plain) w;
    QuantizedMatrix matrix = plain.matrix();
    int in = w.in();
    int out = w.out();
    boolean rounds = plain.rounds(activations);
    float[] a = rounds ? rounded(m, x, xOff, matrix, activations) : x;
    int aAt = rounds ? 0 : xOff;
    Parallel.rows(
        out,
        1,
        (from, to) -> {
          float[] row = new float[in];
          for (int o = from; o < to; o++) {
            matrix.readRow(o, row, 0);
            for (int r = 0; r < m; r++) {
              double sum = 0;
              for (int k = 0; k < in; k++) {
                sum += (double) a[aAt + r * in + k] * row[k];
              }
              if (matrix.outliers().isPresent()) {
                sum += matrix.outliers().get().dot(o, x, xOff + r * in);
              }
              y[yOff + r * out + o] = (float) sum;
            }
          }
        });
  }

  /** What {@link ActivationPrecision} says of {@code x}. */
  private static float[] rounded(
      int m, float[] x, int xOff, QuantizedMatrix w, ActivationPrecision activations) {
    float[] rounded = new float[m * w.in()];
    boolean byToken = activations.byToken();
    for (int r = 0; r < m; r++) {
      float[] step = new float[byToken ? 1 : w.groupsPerRow()];
      for (int k = 0; k < w.in(); k++) {
        // Math.max passes NaN on.
        int g = byToken ? 0 : w.group(k);
        step[g] = Math.max(step[g], Math.abs(x[xOff + r * w.in() + k]));
      }
      for (int g = 0; g < step.length; g++) {
        float s = step[g] / ActivationPrecision.MAX_CODE;
        step[g] = s < ActivationPrecision.MIN_STEP ? 0 : Float.isInfinite(s) ? Float.NaN : s;
      }
      for (int k = 0; k < w.in(); k++) {
        float s = step[byToken ? 0 : w.group(k)];
        float code = s == 0 ? 0 : (float) Math.rint(x[xOff + r * w.in() + k] * (1 / s));
        rounded[r * w.in() + k] = s * code;
      }
    }
    return rounded;
  }
}
