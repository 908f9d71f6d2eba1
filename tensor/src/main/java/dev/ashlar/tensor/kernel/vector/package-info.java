/**
 * Kernels on {@code jdk.incubator.vector}; the only package that imports it. Each is held against
 * the reference of the same name. Start at {@link dev.ashlar.tensor.kernel.vector.VectorBackend}.
 */
package dev.ashlar.tensor.kernel.vector;
