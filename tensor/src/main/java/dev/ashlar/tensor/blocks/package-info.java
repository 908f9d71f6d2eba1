/**
 * Rounding weights in blocks: the search for steps, lowest values and the small integers that
 * scales of super-blocks are. Mathematics of arrays; how blocks lie in bytes is files' business.
 * Begin at {@link dev.ashlar.tensor.blocks.SuperFit}; {@link dev.ashlar.tensor.blocks.SignedFit} is
 * the simplest search.
 */
package dev.ashlar.tensor.blocks;
