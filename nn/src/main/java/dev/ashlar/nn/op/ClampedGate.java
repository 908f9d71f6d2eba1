package dev.ashlar.nn.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;

/**
 * The gate of GPT-OSS: with {@code g = min(gate, limit)} and {@code u = clamp(up, ±limit)}, {@code
 * y = (u + 1)·g·σ(alpha·g)}.
 *
 * @param x {@code [.., 2·hidden]}, gate and up in turns
 */
public record ClampedGate(Tensor x, float alpha, float limit) implements Op {
  @Override
  public List<Tensor> inputs() {
    return List.of(x);
  }

  @Override
  public Tensor forward(Tape tape) {
    long[] dims = x.shape().toArray();
    dims[dims.length - 1] /= 2;
    Tensor y = tape.workspace().take(dims);
    for (int i = 0; i < y.size(); i++) {
      double gate = Math.min(x.data()[2 * i], limit);
      double up = Math.clamp((double) x.data()[2 * i + 1], -limit, limit);
      y.data()[i] = (float) ((up + 1) * gate * sigmoid(alpha * gate));
    }
    return y;
  }

  private static double sigmoid(double z) {
    return 1 / (1 + Math.exp(-z));
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    g.add(
        x,
        (dx, add) -> {
          float[] in = x.data();
          for (int i = 0; i < y.size(); i++) {
            double gate = Math.min(in[2 * i], limit);
            double up = Math.clamp((double) in[2 * i + 1], -limit, limit);
            double s = sigmoid(alpha * gate);
            double slope = s + gate * alpha * s * (1 - s);
            boolean upInside = Math.abs(in[2 * i + 1]) <= limit;
            write(dx, 2 * i, add, in[2 * i] <= limit ? dy.data()[i] * (up + 1) * slope : 0);
            write(dx, 2 * i + 1, add, upInside ? dy.data()[i] * gate * s : 0);
          }
        });
  }

  private static void write(Tensor dx, int i, boolean add, double d) {
    dx.data()[i] = (float) (add ? dx.data()[i] + d : d);
  }
}
