package dev.ashlar.engine.quantize;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.weights.StoredTensor;

/**
 * A linear map as it lies in a checkpoint.
 *
 * @param module complete module name, as models and exports spell it
 * @param tensor name of the tensor that holds its matrix, as the checkpoint spells it
 * @param transposed whether the tensor holds {@code [in, out]}
 * @param stacked whether the tensor holds several maps of that size, one after the other
 * @param index its place among them
 * @param first the output of the stored map that is its first
 * @param outputs of the stored map, of which this may be a part
 * @param routes whether it chooses between experts, or weighs them
 */
record StoredLinear(
    String module,
    String tensor,
    int out,
    int in,
    boolean transposed,
    boolean stacked,
    int index,
    int first,
    int outputs,
    boolean routes) {

  /** One that has a tensor of its own, as {@code [out, in]}. */
  static StoredLinear alone(String module, String tensor, int out, int in, boolean routes) {
    return new StoredLinear(module, tensor, out, in, false, false, 0, 0, out, routes);
  }

  /** Its matrix {@code [out, in]}, a new tensor. */
  Tensor read(StoredTensor stored) {
    Tensor w = Tensor.zeros(out, in);
    long map = (long) index * outputs * in;
    if (!transposed) {
      stored.read(map + (long) first * in, w.data(), 0, w.size());
      return w;
    }
    float[] column = new float[out];
    for (int i = 0; i < in; i++) {
      stored.read(map + (long) i * outputs + first, column, 0, out);
      for (int o = 0; o < out; o++) {
        w.data()[o * in + i] = column[o];
      }
    }
    return w;
  }

  /** Where its bias begins in the stack of biases. */
  int bias() {
    return index * outputs + first;
  }

  /** Puts its matrix where {@link #read} finds it. */
  void write(Tensor matrix, Tensor stored) {
    float[] to = stored.data();
    int map = index * outputs * in;
    for (int o = 0; o < out; o++) {
      if (transposed) {
        for (int i = 0; i < in; i++) {
          to[map + i * outputs + first + o] = matrix.data()[o * in + i];
        }
      } else {
        System.arraycopy(matrix.data(), o * in, to, map + (first + o) * in, in);
      }
    }
  }
}
