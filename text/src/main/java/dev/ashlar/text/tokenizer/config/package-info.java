/**
 * Typed access to the plain values of a tokenizer's configuration, with the place of every fault.
 *
 * <p>Reading the file is {@code dev.ashlar.io.json}'s work. Start at {@link
 * dev.ashlar.text.tokenizer.config.Node}.
 */
package dev.ashlar.text.tokenizer.config;
