package dev.ashlar.engine.data;

import dev.ashlar.io.InputException;
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
import java.util.Optional;
import java.util.Set;

/**
 * Texts from files, by the ending of the name in capitals or not. {@code .jsonl} (also {@code
 * .ndjson}, {@code .jsonlines} and the like) is one document a line, {@code .json} a list of
 * documents; {@code .txt} is one running text. A file of any other ending is one running text
 * unless its lines are JSON objects; tables and archives are refused. What a document is {@link
 * JsonDocuments} says.
 *
 * <p>Files must be valid UTF-8; faults name file and line.
 */
public final class TextFiles {
  private static final System.Logger LOG = System.getLogger("dev.ashlar.engine.data");

  private static final Set<String> LINES =
      Set.of("jsonl", "ndjson", "jsonlines", "jsonline", "ldjson", "jl");

  private static final Set<String> RUNNING = Set.of("txt", "text", "md", "markdown", "raw");

  private TextFiles() {}

  /** What readable files end in, for messages. */
  public static String readable() {
    return ".txt, .json or .jsonl";
  }

  /** Whether a file of that name is read at all. */
  public static boolean isReadable(Path file) {
    return !OtherFormats.has(ending(file));
  }

  /** Whether a file of that name is one of those that data sets are made of. */
  static boolean isData(Path file) {
    String ending = ending(file);
    return LINES.contains(ending) || ending.equals("json") || RUNNING.contains(ending);
  }

  /** The whole file as one text; documents are joined by blank lines. */
  public static String text(Path file) {
    return text(read(file), file.toString());
  }

  /** The same of what was read from something of that name. */
  static String text(Documents documents, String name) {
    return switch (documents) {
      case Documents.PlainText plain -> plain.text();
      case Documents.Separate separate -> String.join("\n\n", texts(separate.documents(), name));
    };
  }

  /**
   * The documents of a file; a running text is one.
   *
   * @throws InputException if there are none, or one is not text
   */
  public static List<String> documents(Path file) {
    return texts(textsOrTokens(file), file.toString());
  }

  private static List<String> texts(List<Documents.Document> documents, String file) {
    List<String> texts = new ArrayList<>();
    for (Documents.Document document : documents) {
      texts.add(
          switch (document) {
            case Documents.Text text -> text.text();
            case Documents.Tokens t ->
                throw new InputException(file + ": holds token ids where text is needed");
            case Documents.Chat c ->
                throw new InputException(file + ": holds conversations where text is needed");
          });
    }
    return texts;
  }

  /**
   * The documents of a file, some of which may be token ids or conversations; a running text is
   * one.
   *
   * @throws InputException if there are none, or one is none of these
   */
  public static List<Documents.Document> textsOrTokens(Path file) {
    return switch (read(file)) {
      case Documents.PlainText plain -> List.of(new Documents.Text(plain.text()));
      case Documents.Separate separate -> separate.documents();
    };
  }

  /**
   * What a file holds: separate documents, or one running text.
   *
   * @throws InputException if there is no text in it, or it cannot be read
   */
  public static Documents read(Path file) {
    String ending = ending(file);
    if (OtherFormats.has(ending) && Files.exists(file)) {
      throw new InputException(OtherFormats.refusal(file, ending));
    }
    String text = decoded(file);
    JsonDocuments json = new JsonDocuments(file.toString());
    boolean lines = LINES.contains(ending);
    boolean list = ending.equals("json");
    if (!lines && !list && JsonDocuments.looksLikeLines(text)) {
      lines = !RUNNING.contains(ending);
      LOG.log(
          System.Logger.Level.WARNING,
          file
              + (lines
                  ? ": its lines are JSON objects, so each is read as a document"
                  : ": is read as one running text, though its lines are JSON objects; call it"
                      + " .jsonl to have each read as a document"));
    }
    Documents found =
        lines
            ? new Documents.Separate(json.lines(text))
            : list ? new Documents.Separate(json.list(text)) : new Documents.PlainText(text);
    if (isBlank(found)) {
      throw new InputException(file + ": no text in it; give a file with some");
    }
    return found;
  }

  private static String ending(Path file) {
    return OtherFormats.ending(file);
  }

  private static boolean isBlank(Documents documents) {
    return switch (documents) {
      case Documents.PlainText plain -> plain.text().isBlank();
      case Documents.Separate s -> s.documents().stream().allMatch(TextFiles::isBlank);
    };
  }

  private static boolean isBlank(Documents.Document document) {
    return switch (document) {
      case Documents.Text t -> t.text().isBlank();
      case Documents.Tokens t -> t.ids().length == 0;
      case Documents.Chat c -> c.messages().isEmpty();
    };
  }

  /** Whether records are looked for in a file of that name: not in running text. */
  static boolean mayHoldRecords(Path file) {
    return isReadable(file) && !RUNNING.contains(ending(file));
  }

  /** Whether a file's name says that it is one JSON value. */
  static boolean isList(Path file) {
    return ending(file).equals("json");
  }

  /** The whole file as it stands, without a byte order mark. */
  static String decoded(Path file) {
    byte[] bytes = bytes(file);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      Optional<String> other = OtherFormats.of(bytes);
      if (other.isPresent()) {
        throw new InputException(OtherFormats.refusal(file, other.get()), e);
      }
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
