/**
 * What every other room speaks: shapes, element types, dense float tensors and {@link
 * dev.ashlar.tensor.Parallel}, the only place that starts threads.
 *
 * <p>Not here: models, files, text. Start at {@link dev.ashlar.tensor.Tensor}; then read {@code
 * autograd} for how gradients flow, {@code kernel} for who does the arithmetic, and {@code weights}
 * for the two ends of a checkpoint.
 */
package dev.ashlar.tensor;
