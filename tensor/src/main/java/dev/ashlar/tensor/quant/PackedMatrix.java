package dev.ashlar.tensor.quant;

/**
 * A packed weight matrix {@code [out, in]} in the private layout of the backend that packed it; see
 * {@link dev.ashlar.tensor.kernel.PackedKernel}.
 */
public interface PackedMatrix {
  int out();

  int in();

  /** Bytes that a product reads: codes, scales and zero points. */
  long byteSize();
}
