package dev.ashlar.formats.hub;

import java.nio.file.Path;

/**
 * A model that is in the cache as the hub has it.
 *
 * @param path what is to be opened: a folder, or a GGUF file
 * @param commit what its revision means
 * @param bytes that were downloaded for it; 0 if all was there
 */
public record Pulled(Path path, String commit, long bytes) {}
