/**
 * What goes in and out, whatever it means: the one exception for faults of input ({@link
 * dev.ashlar.io.InputException}), strict JSON in {@code json}, files that are read at positions or
 * published at once, and locks, in {@code file}.
 *
 * <p>Not here: anything about models, tensors or text. Start at {@link
 * dev.ashlar.io.InputException}.
 */
package dev.ashlar.io;
