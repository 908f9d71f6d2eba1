/**
 * Models as GGUF files: the container ({@link dev.ashlar.formats.gguf.writing.GgufWriter}), which
 * tensor gets which type ({@link dev.ashlar.formats.gguf.writing.FileType}), codes that a type
 * holds as they are ({@link dev.ashlar.formats.gguf.writing.CarriedCodes}), and a tokenizer in the
 * container's words ({@link dev.ashlar.formats.gguf.writing.TokenizerKeys}).
 *
 * <p>Which family calls a tensor what is {@code family}'s; floats into blocks is {@code encode}'s.
 */
package dev.ashlar.formats.gguf.writing;
