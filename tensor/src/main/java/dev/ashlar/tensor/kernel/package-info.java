/**
 * What the arithmetic is done by: one interface per kernel, gathered in a {@link
 * dev.ashlar.tensor.kernel.Backend}, chosen once by {@link dev.ashlar.tensor.kernel.Backends}.
 *
 * <p>{@code reference} holds the definitions (naive loops, sums in double), which are also the test
 * oracle and the fallback; {@code vector} the Vector API versions. A kernel works on plain {@code
 * float[]} with offsets and single-threaded on the rows it is given, unless it says that it splits
 * its own work. Start at {@code Backend}.
 */
package dev.ashlar.tensor.kernel;
