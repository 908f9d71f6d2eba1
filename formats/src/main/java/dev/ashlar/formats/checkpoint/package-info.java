/**
 * What containers and packed layouts have in common: an open model on disk ({@link
 * dev.ashlar.formats.checkpoint.Checkpoint}), its tensors as the files name them ({@link
 * dev.ashlar.formats.checkpoint.StoredTensors}), the reader of a packed layout ({@link
 * dev.ashlar.formats.checkpoint.PackedReader}) and widening stored elements to float ({@link
 * dev.ashlar.formats.checkpoint.Elements}).
 *
 * <p>Not here: any particular container ({@code safetensors}, {@code gguf}) or layout ({@code
 * layout}). Start at {@link dev.ashlar.formats.checkpoint.Checkpoint}.
 */
package dev.ashlar.formats.checkpoint;
