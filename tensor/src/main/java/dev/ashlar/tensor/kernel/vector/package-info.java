/**
 * Kernels on {@code jdk.incubator.vector}; this package and those below it are the only ones that
 * import it. Each kernel is held against the reference of the same name. {@code lanes} is shared by
 * all; {@code attention} and {@code packed} use the register tiles of {@code dense}. What they
 * compute has the same bits at every width of vectors. Start at {@link
 * dev.ashlar.tensor.kernel.vector.VectorBackend}.
 */
package dev.ashlar.tensor.kernel.vector;
