package dev.ashlar.nn.decoder;

import dev.ashlar.nn.layer.Linear;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backend;
import java.util.Arrays;

/**
 * Tensors of zeros for any specification, and linear maps that multiply nothing: a block of them
 * goes the way of a real one, at the price of what lies between the products.
 */
final class HollowWeights extends Weights {
  private long floats;

  HollowWeights(Backend backend) {
    super(backend);
  }

  /** Floats that have gone into and come out of linear maps since this was last asked. */
  long floats() {
    long all = floats;
    floats = 0;
    return all;
  }

  @Override
  boolean isPacked(String module) {
    return false;
  }

  @Override
  Linear linear(String parent, LinearSpec spec) {
    Tensor bias = spec.bias() ? Tensor.zeros(spec.out()) : null;
    return new Linear(spec.name(), new Hollow(spec.out(), spec.in()), bias);
  }

  @Override
  Tensor tensor(String name, long... dims) {
    return Tensor.zeros(dims);
  }

  @Override
  Tensor vector(String name, int n) {
    return Tensor.zeros(n);
  }

  /** A matrix of zeros that takes no memory. */
  private final class Hollow implements Weight {
    private final int out;
    private final int in;

    Hollow(int out, int in) {
      this.out = out;
      this.in = in;
    }

    @Override
    public int out() {
      return out;
    }

    @Override
    public int in() {
      return in;
    }

    @Override
    public Tensor multiply(Tensor x, Tape tape) {
      long[] dims = x.shape().toArray();
      dims[dims.length - 1] = out;
      Tensor y = tape.workspace().take(dims);
      Arrays.fill(y.data(), 0, y.size(), 0f);
      floats += x.size() + y.size();
      return y;
    }
  }
}
