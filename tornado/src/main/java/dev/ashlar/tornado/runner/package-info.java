/**
 * A decoder that lives on a device: its weights, its keys and values and all that is computed
 * between a token's embedding and its last hidden state. {@link
 * dev.ashlar.tornado.runner.DeviceRunner} is the {@code Runner} that others see. What is not here:
 * kernels (see {@code kernel}), families (they are specifications), tuning.
 */
package dev.ashlar.tornado.runner;
