package dev.ashlar.nn.layer;

import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;

/** A quantized matrix in a backend's own layout: for inference, gradients cannot pass it. */
public final class PackedWeight implements Weight {
  private final PackedKernel kernel;
  private final PackedMatrix matrix;
  private final ActivationPrecision activations;

  /** An operand's shape and its result's; several threads may replace it, each by a right one. */
  private record Shapes(Shape x, Shape y) {}

  private volatile Shapes shapes;

  /**
   * Packs {@code matrix}, which is not kept, for the kernels of {@code backend}.
   *
   * @param activations how products take theirs
   */
  public PackedWeight(QuantizedMatrix matrix, Backend backend, ActivationPrecision activations) {
    this.kernel = backend.packed();
    this.matrix = kernel.pack(matrix);
    this.activations = activations;
  }

  /** The result's shape; token after token asks for the same one. */
  private Shape result(Shape x) {
    Shapes last = shapes;
    if (last == null || !last.x().equals(x)) {
      last = new Shapes(x, x.withLast(out()));
      shapes = last;
    }
    return last.y();
  }

  @Override
  public int out() {
    return matrix.out();
  }

  @Override
  public int in() {
    return matrix.in();
  }

  /** Bytes that one product reads. */
  public long byteSize() {
    return matrix.byteSize();
  }

  /**
   * @throws IllegalStateException if a gradient would have to flow to {@code x}
   */
  @Override
  public Tensor multiply(Tensor x, Tape tape) {
    if (tape.tracks(x)) {
      throw new IllegalStateException(
          "gradients cannot flow through a packed weight ["
              + out()
              + ", "
              + in()
              + "]; tune or train the dense model instead");
    }
    if (x.dim(-1) != in()) {
      throw new IllegalArgumentException(
          "x·wᵀ needs equal inner dimensions: x "
              + x.shape()
              + ", packed w ["
              + out()
              + ", "
              + in()
              + "]");
    }
    Tensor y = tape.workspace().take(result(x.shape()));
    kernel.multiply(x.rows(), x.data(), 0, matrix, activations, y.data(), 0);
    return y;
  }
}
