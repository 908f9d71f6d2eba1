/**
 * Methods that quantize one linear map at a time.
 *
 * <p>Each is one file and implements {@link dev.ashlar.tuning.method.LinearQuantizer}; each is
 * listed in {@link dev.ashlar.tuning.Methods}. Start at {@link
 * dev.ashlar.tuning.layerwise.RoundToNearest}.
 */
package dev.ashlar.tuning.layerwise;
