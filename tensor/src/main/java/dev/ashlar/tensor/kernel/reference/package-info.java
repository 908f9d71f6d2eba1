/**
 * The definition of every kernel: naive loops with sums in double. It is what the other backends
 * are held against and what runs where nothing faster can. Never optimise here. Start at {@link
 * dev.ashlar.tensor.kernel.reference.ReferenceBackend}.
 */
package dev.ashlar.tensor.kernel.reference;
