/**
 * The parts that decoder blocks are put together from: linear maps over a {@link
 * dev.ashlar.nn.layer.Weight}, norms and feed-forwards. Every part maps rows to rows and knows
 * nothing of positions or caches; attention, which does, lives in {@code nn.decoder}. Start at
 * {@link dev.ashlar.nn.layer.Weight}, the seam through which weights are observed, tuned and
 * packed.
 */
package dev.ashlar.nn.layer;
