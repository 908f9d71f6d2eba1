package dev.ashlar.engine.data;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.tuning.calibration.Documents;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Texts from files. A {@code .txt} file (or one of any other ending) is one text; a {@code .jsonl}
 * file is one document a line, a {@code .json} file a list of documents. A document is a string, or
 * an object with the key {@code text} or {@code input_ids} (a list of token ids), or with a single
 * key that all of a file have.
 *
 * <p>Files must be valid UTF-8; faults name file and line.
 */
public final class TextFiles {
  private static final String TEXT = "text";
  private static final String IDS = "input_ids";

  private TextFiles() {}

  /** Whether the file holds documents rather than one running text. */
  public static boolean holdsDocuments(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith(".jsonl") || name.endsWith(".json");
  }

  /** The whole file as one text; documents are joined by blank lines. */
  public static String text(Path file) {
    return holdsDocuments(file) ? String.join("\n\n", documents(file)) : decoded(file);
  }

  /**
   * The documents of a file; a plain text is one.
   *
   * @throws InputException if there are none, or one is not text
   */
  public static List<String> documents(Path file) {
    List<String> texts = new ArrayList<>();
    for (Documents.Document document : textsOrTokens(file)) {
      if (!(document instanceof Documents.Text text)) {
        throw new InputException(file + ": holds token ids where text is needed");
      }
      texts.add(text.text());
    }
    return texts;
  }

  /**
   * The documents of a file, some of which may be token ids already; a plain text is one.
   *
   * @throws InputException if there are none, or one is neither text nor token ids
   */
  public static List<Documents.Document> textsOrTokens(Path file) {
    String name = file.getFileName().toString();
    List<Documents.Document> documents;
    if (name.endsWith(".jsonl")) {
      documents = lines(file);
    } else if (name.endsWith(".json")) {
      documents = list(file);
    } else {
      documents = List.of(new Documents.Text(decoded(file)));
    }
    if (documents.stream().allMatch(TextFiles::isBlank)) {
      throw new InputException(file + ": no text in it; give a file with some");
    }
    return documents;
  }

  private static boolean isBlank(Documents.Document document) {
    return switch (document) {
      case Documents.Text t -> t.text().isBlank();
      case Documents.Tokens t -> t.ids().length == 0;
    };
  }

  private static List<Documents.Document> lines(Path file) {
    List<Documents.Document> documents = new ArrayList<>();
    String key = null;
    int number = 0;
    for (String line : decoded(file).split("\n", -1)) {
      number++;
      if (!line.isBlank()) {
        String where = file + ", line " + number;
        Object entry = parsed(line, where);
        key = key == null ? key(entry) : key;
        documents.add(document(entry, key, where));
      }
    }
    return documents;
  }

  private static List<Documents.Document> list(Path file) {
    Object json = parsed(decoded(file), file.toString());
    if (json instanceof Map<?, ?> map) {
      json = map.size() == 1 ? map.values().iterator().next() : map.get(TEXT);
    }
    if (!(json instanceof List<?> entries)) {
      throw new InputException(
          file + ": expected a list of texts, or of objects with a key \"text\"");
    }
    List<Documents.Document> documents = new ArrayList<>();
    String key = entries.isEmpty() ? TEXT : key(entries.getFirst());
    for (int i = 0; i < entries.size(); i++) {
      documents.add(document(entries.get(i), key, file + ", entry " + (i + 1)));
    }
    return documents;
  }

  private static Object parsed(String json, String where) {
    return Json.parse(json.getBytes(StandardCharsets.UTF_8), where);
  }

  /** The key that holds the text of a file's objects, as the first of them says. */
  private static String key(Object first) {
    if (!(first instanceof Map<?, ?> map) || map.containsKey(TEXT)) {
      return TEXT;
    }
    if (map.containsKey(IDS)) {
      return IDS;
    }
    return map.size() == 1 ? (String) map.keySet().iterator().next() : TEXT;
  }

  private static Documents.Document document(Object entry, String key, String where) {
    Object content = entry;
    if (entry instanceof Map<?, ?> map) {
      content = map.get(key);
      if (content == null) {
        throw new InputException(where + ": the object has no key \"" + key + "\"");
      }
    }
    if (content instanceof List<?> ids && key.equals(IDS)) {
      return new Documents.Tokens(tokens(ids, where));
    }
    if (!(content instanceof String string)) {
      throw new InputException(
          where + ": expected text (a string), found " + Json.describe(content));
    }
    return new Documents.Text(string);
  }

  private static int[] tokens(List<?> list, String where) {
    int[] ids = new int[list.size()];
    for (int i = 0; i < ids.length; i++) {
      if (!(list.get(i) instanceof Long id) || id < 0 || id > Integer.MAX_VALUE) {
        throw new InputException(
            where + ": expected a token id, found " + Json.describe(list.get(i)));
      }
      ids[i] = id.intValue();
    }
    return ids;
  }

  private static String decoded(Path file) {
    byte[] bytes = bytes(file);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new InputException(
          file + ", line " + badLine(bytes) + ": not valid UTF-8; convert the file to UTF-8", e);
    }
  }

  private static byte[] bytes(Path file) {
    if (!Files.exists(file)) {
      throw new InputException(file + ": no such file");
    }
    if (!Files.isRegularFile(file)) {
      throw new InputException(file + ": not a file of text");
    }
    try {
      if (Files.size(file) > Integer.MAX_VALUE - 16) {
        throw new InputException(file + ": larger than 2 GB; give a part of it");
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new InputException(file + ": cannot be read (" + e.getMessage() + ")", e);
    }
  }

  private static int badLine(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length + 1);
    StandardCharsets.UTF_8.newDecoder().decode(in, out, true);
    int line = 1;
    for (int i = 0; i < in.position(); i++) {
      line += bytes[i] == '\n' ? 1 : 0;
    }
    return line;
  }
}
