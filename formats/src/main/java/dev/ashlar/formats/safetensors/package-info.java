/**
 * The safetensors container: {@link dev.ashlar.formats.safetensors.SafetensorsFile} reads one file
 * and refuses every malformed one, {@link dev.ashlar.formats.safetensors.SafetensorsWriter} writes
 * one file or a sharded set with its index.
 *
 * <p>What the tensors mean is decided elsewhere. Start at {@code SafetensorsFile}, whose comment
 * has the byte table.
 */
package dev.ashlar.formats.safetensors;
