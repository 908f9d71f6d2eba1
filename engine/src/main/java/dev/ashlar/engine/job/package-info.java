/**
 * How long work tells its caller how it goes: notes, warnings, an estimate ({@link
 * dev.ashlar.engine.job.JobListener}) and the progress of its stages ({@link
 * dev.ashlar.engine.job.Stage}). Nothing in this module prints.
 *
 * <p>Start at {@link dev.ashlar.engine.job.JobListener}.
 */
package dev.ashlar.engine.job;
