/**
 * Quantizing a decoder block by block.
 *
 * <p>{@link dev.ashlar.tuning.BlockwiseQuantization} is the main flow; {@link
 * dev.ashlar.tuning.Methods} lists the ways to choose codes. Neighbouring rooms: {@code plan} (what
 * scheme each layer gets), {@code method} (the seam for methods), {@code layerwise}, {@code
 * signround}, {@code awq} and {@code feedback} (methods), {@code finish} (scales end to end),
 * {@code autoscheme} (bits for each layer), {@code lora} (adapters), {@code walk} (blocks in
 * order), {@code calibration} (data), {@code work} (resumable jobs), {@code quality} (perplexity
 * and comparisons), {@code train} (training from scratch). How codes lie in files is not known
 * here.
 */
package dev.ashlar.tuning;
