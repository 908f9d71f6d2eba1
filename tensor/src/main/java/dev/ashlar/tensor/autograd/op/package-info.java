/**
 * The ready operations: each a forward and its vector-Jacobian product, over the kernels of the
 * tape's backend. Static factories on {@link dev.ashlar.tensor.autograd.op.Ops} give the common
 * calls in one line; start there. Quantizers' operations belong to {@code tuning}.
 */
package dev.ashlar.tensor.autograd.op;
