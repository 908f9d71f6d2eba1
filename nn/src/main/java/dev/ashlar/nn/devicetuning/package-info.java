/**
 * The tuning of a block by signed gradients where a device does it: what a device has to offer, and
 * what it is given. Which iteration is kept, and what becomes of it, is for the method to say; the
 * device keeps weights, parameters, samples and gradients to itself meanwhile. Start at {@link
 * dev.ashlar.nn.devicetuning.DeviceTuner}.
 */
package dev.ashlar.nn.devicetuning;
