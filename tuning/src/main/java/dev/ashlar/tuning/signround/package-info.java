/**
 * SignRound: rounding offsets and range multipliers of a block's weights, tuned together by signed
 * gradient descent against the float block's output (arXiv 2309.05516).
 *
 * <p>The quantizers and their exact gradients are kernels of {@code tensor}; here is the loop.
 * Start at {@link dev.ashlar.tuning.signround.SignRound}.
 */
package dev.ashlar.tuning.signround;
