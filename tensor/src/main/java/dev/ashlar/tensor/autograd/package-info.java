/**
 * A define-by-run tape of operations with explicit vector-Jacobian products.
 *
 * <p>An {@link dev.ashlar.tensor.autograd.Op} holds its forward and its backward side by side; the
 * {@link dev.ashlar.tensor.autograd.Tape} is always a parameter, never global; buffers come from a
 * {@link dev.ashlar.tensor.autograd.Workspace} that is used again from iteration to iteration. The
 * ready operations are in {@code op}; other rooms add their own by implementing {@code Op}. Start
 * at {@code Tape}.
 */
package dev.ashlar.tensor.autograd;
