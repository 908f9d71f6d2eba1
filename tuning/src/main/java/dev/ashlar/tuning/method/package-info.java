/**
 * The seam between the block loop and the methods that choose codes.
 *
 * <p>A method for one linear map at a time implements {@link
 * dev.ashlar.tuning.method.LinearQuantizer}; {@link dev.ashlar.tuning.layerwise.Layerwise} lifts it
 * to blocks. A method that tunes a block as a whole implements {@link
 * dev.ashlar.tuning.method.BlockQuantizer}. Both give {@link
 * dev.ashlar.tensor.quant.QuantizedMatrix}s; how those lie in files is not known here. Start at
 * {@code LinearQuantizer}; round-to-nearest is the simplest.
 */
package dev.ashlar.tuning.method;
