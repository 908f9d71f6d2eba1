/**
 * The library as programs use it. {@link dev.ashlar.engine.LanguageModel} is an open model: it
 * generates, holds conversations, embeds, and is measured. {@link dev.ashlar.engine.Quantization}
 * makes a quantized model of a float one. Both are at work in {@code docs/embedding.md}.
 *
 * <p>Who needs less than this finds it below: choosing scales and zero points, quantizing,
 * dequantizing and multiplying single matrices in {@code dev.ashlar.tensor.affine}; files in {@code
 * dev.ashlar.formats}; decoders and sampling in {@code dev.ashlar.nn}; methods in {@code
 * dev.ashlar.tuning}. Nothing here prints or ends the process.
 */
package dev.ashlar.engine;
