package dev.ashlar.nn.layer;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.AddBias;
import java.util.Locale;
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
              Locale.ROOT,
              "%s: a [%d, %d] weight cannot replace a [%d, %d] one",
              name,
              mapped.out(),
              mapped.in(),
              weight.out(),
              weight.in()));
    }
    return mapped == weight ? this : new Linear(name, mapped, bias);
  }

  /** The same map with the bias, if there is one, that {@code f} gives for it. */
  public Linear mapTensors(BiFunction<String, Tensor, Tensor> f) {
    return bias == null ? this : new Linear(name, weight, f.apply(name + ".bias", bias));
  }

  /** As {@link #mapTensors}, and for the matrix, if it is dense. */
  public Linear mapTensorsAndWeight(BiFunction<String, Tensor, Tensor> f) {
    Linear mapped = this;
    if (weight instanceof DenseWeight d) {
      mapped = new Linear(name, new DenseWeight(f.apply(name + ".weight", d.matrix())), bias);
    }
    return mapped.mapTensors(f);
  }

  /** What {@code mapTensors} is given to show tensors and change none. */
  public static BiFunction<String, Tensor, Tensor> visiting(BiConsumer<String, Tensor> f) {
    return (name, tensor) -> {
      f.accept(name, tensor);
      return tensor;
    };
  }
}
