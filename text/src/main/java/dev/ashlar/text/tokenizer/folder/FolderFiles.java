package dev.ashlar.text.tokenizer.folder;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.WholeFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.text.tokenizer.config.Node;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the files of a folder that are no {@code tokenizer.json}. */
final class FolderFiles {
  private FolderFiles() {}

  /** The object in a file; an empty one if there is no such file. */
  static Node object(Path file) {
    return new Node(file.toString(), "", Files.exists(file) ? Json.readObject(file) : Map.of());
  }

  /** The object in a file that must be there and may be as large as a vocabulary. */
  static Node vocabulary(Path file) {
    return new Node(file.toString(), "vocab", Json.readObject(file, Json.MAX_DOCUMENT_BYTES));
  }

  /** The lines of a file, without what ends them. */
  static List<String> lines(Path file) {
    return text(file).lines().toList();
  }

  static String text(Path file) {
    return WholeFile.text(file, Json.MAX_DOCUMENT_BYTES);
  }

  static byte[] bytes(Path file) {
    return WholeFile.bytes(file, Json.MAX_DOCUMENT_BYTES, "a sentencepiece model");
  }

  /** The rules of a {@code merges.txt}. */
  static List<Object> merges(Path file) {
    List<Object> merges = new ArrayList<>();
    int number = 0;
    for (String line : lines(file)) {
      number++;
      if (line.startsWith("#version") || line.isBlank()) {
        continue;
      }
      String[] pair = line.split(" ", -1);
      if (pair.length != 2) {
        throw InputException.in(file)
            .place("line " + number)
            .expected("two tokens with a space between them")
            .found("\"" + (line.length() > 60 ? line.substring(0, 60) + "…" : line) + "\"")
            .exception();
      }
      merges.add(List.of(pair[0], pair[1]));
    }
    return merges;
  }

  /** The tokens of a {@code vocab.txt}, whose ids are their lines. */
  static Map<String, Object> vocabularyLines(Path file) {
    Map<String, Object> vocab = new LinkedHashMap<>();
    long id = 0;
    for (String line : lines(file)) {
      vocab.put(line.stripTrailing(), id++);
    }
    return vocab;
  }
}
