/**
 * Operations that only decoders need: choosing heads out of a fused projection, shifting norm
 * weights, routing rows to experts. General arithmetic is {@code tensor.autograd.op}.
 */
package dev.ashlar.nn.op;
