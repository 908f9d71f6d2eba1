package dev.ashlar.text.tokenizer.folder;

import java.util.Map;

/**
 * What the files of a folder say together.
 *
 * @param document a {@code tokenizer.json}
 * @param file what the document is called in messages: the file that has the vocabulary
 * @param tokens special tokens by their role, such as {@code bos_token}
 * @param template the template of conversations in {@code tokenizer_config.json}, or null
 */
public record Description(
    Map<String, Object> document, String file, Map<String, String> tokens, String template) {}
