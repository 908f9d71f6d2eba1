/**
 * Devices beside the processor that run whole decoders: how they offer themselves ({@link
 * dev.ashlar.nn.device.DeviceProvider}) and where they are found ({@link
 * dev.ashlar.nn.device.Devices}). What they tune blocks with is in {@code devicetuning}. Single
 * kernels are there to be measured ({@link dev.ashlar.nn.device.DeviceKernels}), not to be a {@code
 * Backend}'s. What is not here: anything that computes.
 */
package dev.ashlar.nn.device;
