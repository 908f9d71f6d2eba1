/**
 * What layer-wise methods are made of: second moments of a layer's inputs, Cholesky factors, orders
 * of columns, grids of groups, and solvers that take a weight matrix and such moments and give
 * codes. No calibration data and no models here; {@link dev.ashlar.tuning.layerwise} makes methods
 * of them. Start at {@link dev.ashlar.tuning.layerwise.solver.Gptq}.
 *
 * <p>Shapes: a layer has weights {@code [out, in]} and inputs {@code [tokens, in]}; its second
 * moments Σ are {@code [in, in]}. A solver works on columns in some order; {@code order[position]}
 * is the original column.
 */
package dev.ashlar.tuning.layerwise.solver;
