package dev.ashlar.formats.hub;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A model in the cache.
 *
 * @param id such as {@code org/model}
 * @param folder {@code models--ORG--NAME}
 * @param references branches and tags, and the commits that they meant when they were asked for
 * @param commits those of which there are files
 * @param ggufs names of its GGUF files
 * @param bytes on disk, each blob once
 * @param whole whether some commit's files can be opened
 */
public record CachedModel(
    String id,
    Path folder,
    Map<String, String> references,
    List<String> commits,
    List<String> ggufs,
    long bytes,
    boolean whole) {}
