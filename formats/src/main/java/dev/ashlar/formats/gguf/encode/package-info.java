/**
 * Floats into GGUF blocks: the inverse of the block types beside {@code GgufType}, which say what
 * the bytes mean. A type without a search takes the scale that the reference implementation takes
 * and gives its bytes; the others look for scales that leave a small weighted error.
 *
 * <p>Nothing here knows files or tensors. Start at {@link
 * dev.ashlar.formats.gguf.encode.BlockEncoder}; {@link
 * dev.ashlar.formats.gguf.encode.SmallEncoders} are the simplest, {@link
 * dev.ashlar.formats.gguf.encode.SuperEncoders} the k-quants.
 */
package dev.ashlar.formats.gguf.encode;
