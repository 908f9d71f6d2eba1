/**
 * Activation-aware weight quantization (Lin et al., arXiv 2306.00978): before weights are rounded,
 * input channels that carry much are scaled up in them, and what puts these channels out is scaled
 * down, so that the model computes the same and rounding hurts less. Start at {@link
 * dev.ashlar.tuning.awq.Awq}.
 */
package dev.ashlar.tuning.awq;
