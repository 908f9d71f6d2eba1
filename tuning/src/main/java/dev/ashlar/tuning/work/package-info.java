/**
 * Work folders: the truth of a long job on disk, so that a killed run continues at the block it was
 * in.
 *
 * <p>A folder holds {@code job.json} (everything that decides the outcome) and one file for each
 * finished unit. This is a format of the run's own, not a model format. Start at {@link
 * dev.ashlar.tuning.work.WorkFolder}.
 */
package dev.ashlar.tuning.work;
