/**
 * A run of fine-tuning from data sets to an adapter's folder. Start at {@link
 * dev.ashlar.engine.finetune.FineTuningJob}; the training itself is {@code tuning}'s.
 */
package dev.ashlar.engine.finetune;
