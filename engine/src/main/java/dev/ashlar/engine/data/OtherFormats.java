package dev.ashlar.engine.data;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Files that hold text among other things and are not read, since their syntax is not to be
 * calibrated on: what they are, and how to make one of them that is read.
 */
final class OtherFormats {
  private static final Set<String> PACKED =
      Set.of("gz", "bz2", "xz", "zst", "lz4", "zip", "tar", "tgz", "7z");

  private static final Set<String> OTHERS =
      Set.of(
          "xls",
          "xlsx",
          "xml",
          "html",
          "htm",
          "yaml",
          "yml",
          "pdf",
          "doc",
          "docx",
          "epub",
          "npy",
          "npz",
          "pt",
          "pkl",
          "bin",
          "safetensors",
          "gguf");

  /** The first bytes of formats that people give other endings, or none. */
  private enum Beginning {
    PARQUET("parquet", "PAR1"),
    ARROW("arrow", "ARROW1"),
    GZIP("gz", "\u001f\u008b"),
    ZSTD("zst", "(\u00b5/\u00fd"),
    XZ("xz", "\u00fd7zXZ"),
    ZIP("zip", "PK\u0003\u0004"),
    GGUF("gguf", "GGUF"),
    PDF("pdf", "%PDF");

    private final String ending;
    private final byte[] bytes;

    Beginning(String ending, String bytes) {
      this.ending = ending;
      this.bytes = bytes.getBytes(StandardCharsets.ISO_8859_1);
    }
  }

  private OtherFormats() {}

  /** What stands behind the last dot of a file's name, in small letters. */
  static String ending(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  /** Whether files with that ending are refused whatever is in them. */
  static boolean has(String ending) {
    return PACKED.contains(ending) || OTHERS.contains(ending) || table(ending).isPresent();
  }

  /** Whether such files are how data sets are published. */
  static boolean mayBeData(String ending) {
    return PACKED.contains(ending) || table(ending).isPresent();
  }

  /** The ending that a file with these bytes should have, if they are of such a format. */
  static Optional<String> of(byte[] bytes) {
    return Arrays.stream(Beginning.values())
        .filter(
            b ->
                bytes.length >= b.bytes.length
                    && Arrays.equals(bytes, 0, b.bytes.length, b.bytes, 0, b.bytes.length))
        .map(b -> b.ending)
        .findFirst();
  }

  /** That a file is not read, and what to do, as one sentence. */
  static String refusal(Path file, String ending) {
    String what =
        ending.equals(ending(file))
            ? ": ." + ending + " files are not read; "
            : ": is a ." + ending + " file by what is in it, which is not read; ";
    return file + what + advice(file, ending);
  }

  private static String advice(Path file, String ending) {
    if (PACKED.contains(ending)) {
      return "unpack it and name what is in it";
    }
    String own = "make a " + TextFiles.readable() + " file of it";
    return table(ending)
        .map(read -> own + ", for example with Python: " + String.format(Locale.ROOT, read, file))
        .orElse(own);
  }

  /** How Python makes lines of a table, the file's name being left open. */
  private static Optional<String> table(String ending) {
    String lines = ".to_json('text.jsonl', orient='records', lines=True)";
    return switch (ending) {
      case "parquet" -> Optional.of("pandas.read_parquet('%s')" + lines);
      case "csv" -> Optional.of("pandas.read_csv('%s')" + lines);
      case "tsv" -> Optional.of("pandas.read_csv('%s', sep='\\t')" + lines);
      case "feather" -> Optional.of("pandas.read_feather('%s')" + lines);
      case "arrow" -> Optional.of("datasets.Dataset.from_file('%s').to_json('text.jsonl')");
      default -> Optional.empty();
    };
  }

  /** The same for a whole data set of the hub, or a folder like one. */
  static String ofDataset(String id, String split) {
    return "make a .jsonl file of it, for example with Python: datasets.load_dataset('"
        + id
        + "', split='"
        + split
        + "').to_json('text.jsonl')";
  }
}
