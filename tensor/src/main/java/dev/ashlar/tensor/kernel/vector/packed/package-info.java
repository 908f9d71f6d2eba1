/**
 * Products with weights kept as integer codes of 2 to 8 bits: how codes are packed once for this
 * machine's vectors, and one loop for each width. Choosing codes is not done here. Start at {@link
 * dev.ashlar.tensor.kernel.vector.packed.VectorPacked}.
 */
package dev.ashlar.tensor.kernel.vector.packed;
