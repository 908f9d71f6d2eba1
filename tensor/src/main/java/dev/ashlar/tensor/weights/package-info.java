/**
 * Where models come from and go to: a {@link dev.ashlar.tensor.weights.WeightSource} gives a
 * configuration and tensors by name, a {@link dev.ashlar.tensor.weights.WeightSink} takes them
 * back. Models and files meet only here; neither knows the other. Start at {@code WeightSource}.
 */
package dev.ashlar.tensor.weights;
