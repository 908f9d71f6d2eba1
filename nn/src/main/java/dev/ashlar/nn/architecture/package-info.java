/**
 * Families of decoders: each reads its kind of configuration into a {@link
 * dev.ashlar.nn.decoder.DecoderSpec}. A new family is one file here and one line in {@link
 * dev.ashlar.nn.architecture.Architectures#ALL}, or a service of another module; {@code Llama} is
 * the plainest.
 */
package dev.ashlar.nn.architecture;
