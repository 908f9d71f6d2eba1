/**
 * The GGUF container: {@link dev.ashlar.formats.gguf.GgufFile} reads one file, {@link
 * dev.ashlar.formats.gguf.GgufType} lists the element and block types, {@link
 * dev.ashlar.formats.gguf.GgufCheckpoint} presents a model in Hugging Face's words, by the tables
 * of {@code family} alone. Blocks are made in {@code encode}, files in {@code writing}.
 *
 * <p>Block-quantized tensors widen to float on reading; computing on blocks is not done here.
 */
package dev.ashlar.formats.gguf;
