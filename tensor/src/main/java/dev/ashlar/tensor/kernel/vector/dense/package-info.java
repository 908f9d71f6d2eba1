/**
 * Products of dense matrices: panels of B, strips of A, the register tiles between them, and the
 * paths for few rows. Other packages use the tile; products with packed weights are in {@code
 * packed}. Start at {@link dev.ashlar.tensor.kernel.vector.dense.VectorMatMul}.
 */
package dev.ashlar.tensor.kernel.vector.dense;
