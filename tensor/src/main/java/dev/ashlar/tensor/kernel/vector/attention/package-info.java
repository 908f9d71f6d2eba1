/**
 * Scaled dot-product attention, forward and backward, block by block, and the direct path for few
 * queries. Start at {@link dev.ashlar.tensor.kernel.vector.attention.VectorAttention}.
 */
package dev.ashlar.tensor.kernel.vector.attention;
