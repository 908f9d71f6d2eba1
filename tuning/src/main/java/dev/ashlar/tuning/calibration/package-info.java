/**
 * Calibration data: which documents become samples, what of them counts in a loss, and in which
 * order a tuning sees them.
 *
 * <p>This room knows token ids only: files are read, and text is encoded, by whoever calls it.
 * Start at {@link dev.ashlar.tuning.calibration.Calibration}.
 */
package dev.ashlar.tuning.calibration;
