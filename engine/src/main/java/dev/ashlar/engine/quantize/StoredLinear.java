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
    boolean routes) {

  /** Its matrix {@code [out, in]}, a new tensor. */
  Tensor read(StoredTensor stored) {
    Tensor w = Tensor.zeros(out, in);
    long from = (long) index * out * in;
    if (!transposed) {
      stored.read(from, w.data(), 0, w.size());
      return w;
    }
    float[] column = new float[out];
    for (int i = 0; i < in; i++) {
      stored.read(from + (long) i * out, column, 0, out);
      for (int o = 0; o < out; o++) {
        w.data()[o * in + i] = column[o];
      }
    }
    return w;
  }
}
