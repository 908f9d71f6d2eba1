/**
 * The GGUF container: {@link dev.ashlar.formats.gguf.GgufFile} reads one file, {@link
 * dev.ashlar.formats.gguf.GgufType} lists the element and block types, {@link
 * dev.ashlar.formats.gguf.GgufCheckpoint} presents a model in Hugging Face's words, by the tables
 * of {@code family} alone. Blocks are made in {@code encode}, files in {@code writing}.
 *
 * <p>Elements widen to float on reading; blocks of integer codes are also given as they are, by
 * {@link dev.ashlar.tensor.weights.StoredTensor#quantized}. No module is reported as packed.
 */
package dev.ashlar.formats.gguf;
