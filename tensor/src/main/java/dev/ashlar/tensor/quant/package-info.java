/**
 * Quantization values: what codes mean ({@link dev.ashlar.tensor.quant.QuantScheme}), and codes
 * with their scales and zero points ({@link dev.ashlar.tensor.quant.QuantizedTensor}) or minimums
 * ({@link dev.ashlar.tensor.quant.AffineGroups}).
 *
 * <p>Choosing codes is {@code tuning}'s work; laying them in files is {@code formats}'. Start at
 * {@link dev.ashlar.tensor.quant.QuantScheme}.
 */
package dev.ashlar.tensor.quant;
