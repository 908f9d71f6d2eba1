/**
 * Methods that quantize one linear map at a time.
 *
 * <p>Each is one file, a {@link dev.ashlar.tuning.method.LinearQuantizer}, or a {@link
 * dev.ashlar.tuning.method.GroupQuantizer} where maps share an input; each is listed in {@link
 * dev.ashlar.tuning.Methods}. Start at {@link dev.ashlar.tuning.layerwise.RoundToNearest}.
 */
package dev.ashlar.tuning.layerwise;
