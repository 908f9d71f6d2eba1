package dev.ashlar.nn.layer;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.AddBias;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;

/**
 * A linear map under its checkpoint name: {@code y = x·wᵀ + bias}.
 *
 * @param name module name, for example {@code self_attn.q_proj} relative to its block
 * @param bias {@code [out]} or null
 */
public record Linear(String name, Weight weight, Tensor bias) {
  public Linear {
    if (bias != null && bias.size() != weight.out()) {
      throw new IllegalArgumentException(
          name + ": bias " + bias.shape() + " for " + weight.out() + " outputs");
    }
  }

  /** {@code x [.., in]} to {@code [.., out]}. */
  public Tensor forward(Tensor x, Tape tape) {
    Tensor y = weight.multiply(x, tape);
    return bias == null ? y : tape.apply(new AddBias(y, bias));
  }

  /** The same map with the weight that {@code f} gives for it. */
  public Linear mapWeights(BiFunction<String, Weight, Weight> f) {
    Weight mapped = f.apply(name, weight);
    if (mapped.out() != weight.out() || mapped.in() != weight.in()) {
      throw new IllegalArgumentException(
          String.format(
              "%s: a [%d, %d] weight cannot replace a [%d, %d] one",
              name, mapped.out(), mapped.in(), weight.out(), weight.in()));
    }
    return mapped == weight ? this : new Linear(name, mapped, bias);
  }

  /** Gives {@code f} the matrix, if it is dense, and the bias, if there is one. */
  public void forEachTensorAndWeight(BiConsumer<String, Tensor> f) {
    if (weight instanceof DenseWeight d) {
      f.accept(name + ".weight", d.matrix());
    }
    forEachTensor(f);
  }

  /** Gives {@code f} the bias, if there is one. */
  public void forEachTensor(BiConsumer<String, Tensor> f) {
    if (bias != null) {
      f.accept(name + ".bias", bias);
    }
  }
}
