package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.quant.AffineGroups;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedTensor;

/** Multiplies by the dequantized weight, element by element, straight from the plain codes. */
final class ReferencePacked implements PackedKernel {
  private interface Plain extends PackedMatrix {
    float weight(int o, int k);
  }

  private record Quantized(QuantizedTensor tensor) implements Plain {
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

    @Override
    public float weight(int o, int k) {
      int g = o * tensor.groups() + tensor.group(k);
      int q = (tensor.codes()[o * tensor.in() + k] & 0xFF) - (tensor.zeros()[g] & 0xFF);
      return tensor.scales()[g] * q;
    }
  }

  private record Affine(AffineGroups groups) implements Plain {
    @Override
    public int out() {
      return groups.out();
    }

    @Override
    public int in() {
      return groups.in();
    }

    @Override
    public long byteSize() {
      return groups.codes().length + 8L * groups.scales().length;
    }

    @Override
    public float weight(int o, int k) {
      return groups.weight(o, k);
    }
  }

  @Override
  public PackedMatrix pack(QuantizedTensor tensor) {
    return new Quantized(tensor);
  }

  @Override
  public PackedMatrix pack(AffineGroups groups) {
    return new Affine(groups);
  }

  @Override
  public void multiply(int m, float[] x, int xOff, PackedMatrix w, float[] y, int yOff) {
    Plain plain = (Plain) w;
    int in = w.in();
    int out = w.out();
    Parallel.rows(
        out,
        1,
        (from, to) -> {
          for (int o = from; o < to; o++) {
            for (int r = 0; r < m; r++) {
              double sum = 0;
              for (int k = 0; k < in; k++) {
                sum += (double) x[xOff + r * in + k] * plain.weight(o, k);
              }
              y[yOff + r * out + o] = (float) sum;
            }
          }
        });
  }
}
