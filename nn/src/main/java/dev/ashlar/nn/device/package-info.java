/**
 * Devices beside the processor that run whole decoders: how they offer themselves ({@link
 * dev.ashlar.nn.device.DeviceProvider}) and where they are found ({@link
 * dev.ashlar.nn.device.Devices}). What is not here: single kernels, which are a {@code Backend}'s,
 * and anything that computes.
 */
package dev.ashlar.nn.device;
