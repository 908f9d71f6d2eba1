/**
 * Quantization values: what codes mean ({@link dev.ashlar.tensor.quant.QuantScheme}), and a matrix
 * of codes with what makes them weights ({@link dev.ashlar.tensor.quant.QuantizedMatrix}).
 *
 * <p>Choosing codes is {@code tuning}'s work; laying them in files is {@code formats}'. Start at
 * {@link dev.ashlar.tensor.quant.QuantizedMatrix}.
 */
package dev.ashlar.tensor.quant;
