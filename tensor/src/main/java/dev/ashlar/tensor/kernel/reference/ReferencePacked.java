package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Activations;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.quant.AffineGroups;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedTensor;

/** Multiplies by the dequantized weight, element by element, straight from the plain codes. */
final class ReferencePacked implements PackedKernel {
  private interface Plain extends PackedMatrix {
    float weight(int o, int k);

    int bits();

    int groups();

    int group(int k);
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

    @Override
    public int bits() {
      return tensor.scheme().bits();
    }

    @Override
    public int groups() {
      return tensor.groups();
    }

    @Override
    public int group(int k) {
      return tensor.group(k);
    }
  }

  private record Affine(AffineGroups affine) implements Plain {
    @Override
    public int out() {
      return affine.out();
    }

    @Override
    public int in() {
      return affine.in();
    }

    @Override
    public long byteSize() {
      return affine.codes().length + 8L * affine.scales().length;
    }

    @Override
    public float weight(int o, int k) {
      return affine.weight(o, k);
    }

    @Override
    public int bits() {
      return affine.bits();
    }

    @Override
    public int groups() {
      return affine.groups();
    }

    @Override
    public int group(int k) {
      return k / affine.groupSize();
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
  public void multiply(
      int m, float[] x, int xOff, PackedMatrix w, Activations activations, float[] y, int yOff) {
    Plain plain = (Plain) w;
    int in = w.in();
    int out = w.out();
    boolean rounds = activations.rounds(plain.bits(), in);
    float[] a = rounds ? rounded(m, x, xOff, plain) : x;
    int aAt = rounds ? 0 : xOff;
    Parallel.rows(
        out,
        1,
        (from, to) -> {
          for (int o = from; o < to; o++) {
            for (int r = 0; r < m; r++) {
              double sum = 0;
              for (int k = 0; k < in; k++) {
                sum += (double) a[aAt + r * in + k] * plain.weight(o, k);
              }
              y[yOff + r * out + o] = (float) sum;
            }
          }
        });
  }

  /** What {@link Activations#INT8} makes of {@code x}. */
  private static float[] rounded(int m, float[] x, int xOff, Plain w) {
    float[] rounded = new float[m * w.in()];
    for (int r = 0; r < m; r++) {
      float[] step = new float[w.groups()];
      for (int k = 0; k < w.in(); k++) {
        // Math.max passes NaN on.
        int g = w.group(k);
        step[g] = Math.max(step[g], Math.abs(x[xOff + r * w.in() + k]));
      }
      for (int g = 0; g < step.length; g++) {
        float s = step[g] / Activations.MAX_CODE;
        step[g] = s < Activations.MIN_STEP ? 0 : Float.isInfinite(s) ? Float.NaN : s;
      }
      for (int k = 0; k < w.in(); k++) {
        float s = step[w.group(k)];
        float code = s == 0 ? 0 : (float) Math.rint(x[xOff + r * w.in() + k] * (1 / s));
        rounded[r * w.in() + k] = s * code;
      }
    }
    return rounded;
  }
}
