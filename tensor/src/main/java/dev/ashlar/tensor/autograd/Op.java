package dev.ashlar.tensor.autograd;

import dev.ashlar.tensor.Tensor;
import java.util.List;

/**
 * One differentiable operation: its forward, and beside it its vector-Jacobian product.
 *
 * <p>An op is made for one application and may keep what its backward needs. It is open: a room
 * that needs an operation of its own implements this interface and nothing here changes.
 */
public interface Op {
  /** The tensors through which gradients may flow. */
  List<Tensor> inputs();

  /** Computes the output, taking its buffer from {@code tape.workspace()}. */
  Tensor forward(Tape tape);

  /**
   * Adds to the gradients of {@link #inputs()} what {@code dOut}, the gradient of the output {@code
   * out}, contributes.
   */
  void backward(Tensor out, Tensor dOut, Gradients gradients);
}
