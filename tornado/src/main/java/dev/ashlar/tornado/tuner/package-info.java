/**
 * SignRound's iterations on a device: the task graph of one block's forward, backward, fake
 * quantization and steps. Start at {@link dev.ashlar.tornado.tuner.DeviceUnitTuner}.
 */
package dev.ashlar.tornado.tuner;
