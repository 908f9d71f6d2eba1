/**
 * A model on a device: what it is asked for by ({@link dev.ashlar.engine.device.DeviceName}), and
 * how the texts of a model share it ({@link dev.ashlar.engine.device.DeviceModel}). What is not
 * here: devices themselves, which modules of their own provide.
 */
package dev.ashlar.engine.device;
