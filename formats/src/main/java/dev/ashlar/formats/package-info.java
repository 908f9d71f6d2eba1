/**
 * Checkpoints on disk: what a container of weights is ({@link dev.ashlar.formats.Checkpoint}), how
 * one is opened whatever its kind ({@link dev.ashlar.formats.Checkpoints}) and the one exception
 * every faulty file ends in ({@link dev.ashlar.formats.CheckpointException}).
 *
 * <p>The containers themselves live in {@code safetensors} and {@code gguf}, packed integer layouts
 * in {@code layout}, text in {@code tokenizer}. Not here: models, arithmetic on weights. Start at
 * {@link dev.ashlar.formats.Checkpoints}.
 */
package dev.ashlar.formats;
