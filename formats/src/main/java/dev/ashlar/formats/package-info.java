/**
 * Checkpoints on disk: how one is opened whatever its kind ({@link
 * dev.ashlar.formats.Checkpoints}), had from a model hub ({@code hub}), written as floats ({@link
 * dev.ashlar.formats.FloatFolder}).
 *
 * <p>What all containers share lives in {@code checkpoint}, the containers themselves in {@code
 * safetensors} and {@code gguf}, packed integer layouts in {@code layout}, writing quantized models
 * in {@code export}, changes of low rank that go with a model in {@code adapter}. Not here: models,
 * arithmetic on weights, text. Start at {@link dev.ashlar.formats.Checkpoints}.
 */
package dev.ashlar.formats;
