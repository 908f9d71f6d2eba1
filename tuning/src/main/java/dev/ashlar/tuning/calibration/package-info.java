/**
 * Calibration data: which documents become samples, what of them counts in a loss, and in which
 * order a tuning sees them (algorithm specification 4.2, 4.3, 4.5 and 16).
 *
 * <p>This room knows token ids only: files are read, and text is encoded, by whoever calls it.
 * Start at {@link dev.ashlar.tuning.calibration.Calibration}.
 */
package dev.ashlar.tuning.calibration;
