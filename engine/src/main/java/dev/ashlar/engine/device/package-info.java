/**
 * A model on a device: what it is asked for by ({@link dev.ashlar.engine.device.DeviceName}), and
 * how the texts of a model share it ({@link dev.ashlar.engine.device.DeviceModel}). Which one is
 * taken by itself: what was measured ({@link dev.ashlar.engine.device.SpeedTrial}) and kept ({@link
 * dev.ashlar.engine.device.SpeedFile}), and what follows for a model ({@link
 * dev.ashlar.engine.device.AutomaticDevice}). What is not here: devices themselves, which modules
 * of their own provide.
 */
package dev.ashlar.engine.device;
