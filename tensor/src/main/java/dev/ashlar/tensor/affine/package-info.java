/**
 * Affine quantization as four functions, for callers who have a matrix and want codes: choose
 * parameters, quantize, dequantize, multiply. Methods that search for better codes are {@code
 * tuning}'s. Start, and end, at {@link dev.ashlar.tensor.affine.Affine}.
 */
package dev.ashlar.tensor.affine;
