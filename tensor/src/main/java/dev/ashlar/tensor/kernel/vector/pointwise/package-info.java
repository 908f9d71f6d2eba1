/**
 * Kernels that go over elements or rows once: activations, norms, softmax, rotary embeddings,
 * losses, elementwise arithmetic, conversion, fake quantization, and the probe of the multiply-add
 * peak. Each class implements the interface of the same name in {@code kernel}.
 */
package dev.ashlar.tensor.kernel.vector.pointwise;
