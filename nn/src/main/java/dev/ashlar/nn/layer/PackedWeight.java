package dev.ashlar.nn.layer;

import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Optional;

/** A quantized matrix in a backend's own layout: for inference, gradients cannot pass it. */
public final class PackedWeight implements Weight {
  private static final ActivationScheme BYTES_BY_TOKEN =
      new ActivationScheme(new ActivationScheme.Element.Integers(Byte.SIZE, true), -1, true);

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

  /**
   * {@code matrix} packed, with inputs taken as its scheme says: rounded to bytes by token integer
   * codes multiply integers; otherwise rounded they are multiplied as floats.
   *
   * @param activations how products take inputs of which the scheme says nothing
   */
  public static Weight of(
      QuantizedMatrix matrix, Backend backend, ActivationPrecision activations) {
    Optional<ActivationScheme> inputs = matrix.inputs();
    if (inputs.isEmpty()) {
      return new PackedWeight(matrix, backend, activations);
    }
    return inputs.get().equals(BYTES_BY_TOKEN) && matrix.codes() instanceof Codes.Integers
        ? new PackedWeight(matrix, backend, ActivationPrecision.INT8_TOKEN)
        : new RoundingWeight(
            new PackedWeight(matrix, backend, ActivationPrecision.FLOAT), inputs.get());
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
