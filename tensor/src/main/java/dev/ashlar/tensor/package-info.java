/**
 * What every other room speaks: shapes, element types, dense float tensors, stored tensors, the two
 * ends of a checkpoint ({@link dev.ashlar.tensor.WeightSource}, {@link
 * dev.ashlar.tensor.WeightSink}) and {@link dev.ashlar.tensor.Parallel}, the only place that starts
 * threads.
 *
 * <p>Not here: models, files, text. Start at {@link dev.ashlar.tensor.Tensor}; then read {@code
 * autograd} for how gradients flow and {@code kernel} for who does the arithmetic.
 */
package dev.ashlar.tensor;
