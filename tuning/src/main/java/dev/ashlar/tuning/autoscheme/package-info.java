/**
 * Which layer gets how many bits: sensitivities of all layers to each of several schemes, and the
 * choice that a budget of bits allows. What comes out is a plan with a scheme for each layer, which
 * any method follows. Start at {@link dev.ashlar.tuning.autoscheme.AutoScheme}.
 */
package dev.ashlar.tuning.autoscheme;
