package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedTensor;

/** Multiplies by the dequantized weight, element by element, straight from the plain codes. */
final class ReferencePacked implements PackedKernel {
  private record Plain(QuantizedTensor tensor) implements PackedMatrix {
    @Override
    public int out() {
      return tensor.out();
    }

    @Override
    public int in() {
      return tensor.in();
    }

    @Override
    public long byteSize() {
      return tensor.codes().length + 4L * tensor.scales().length + tensor.zeros().length;
    }
  }

  @Override
  public PackedMatrix pack(QuantizedTensor tensor) {
    return new Plain(tensor);
  }

  @Override
  public void multiply(int m, float[] x, int xOff, PackedMatrix w, float[] y, int yOff) {
    QuantizedTensor t = ((Plain) w).tensor();
    int in = t.in();
    int groups = t.groups();
    Parallel.rows(
        t.out(),
        1,
        (from, to) -> {
          for (int o = from; o < to; o++) {
            for (int r = 0; r < m; r++) {
              double sum = 0;
              for (int k = 0; k < in; k++) {
                int g = o * groups + t.group(k);
                int q = (t.codes()[o * in + k] & 0xFF) - (t.zeros()[g] & 0xFF);
                sum += (double) x[xOff + r * in + k] * (t.scales()[g] * q);
              }
              y[yOff + r * t.out() + o] = (float) sum;
            }
          }
        });
  }
}
