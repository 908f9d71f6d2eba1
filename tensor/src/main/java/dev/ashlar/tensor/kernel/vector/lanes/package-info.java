/**
 * What every vector kernel shares: the width of this process's vectors and the tile that suits it,
 * folds in a fixed order, elementary functions on vectors, transposition. Depends on no other
 * package of kernels. Start at {@link dev.ashlar.tensor.kernel.vector.lanes.Lanes}.
 */
package dev.ashlar.tensor.kernel.vector.lanes;
