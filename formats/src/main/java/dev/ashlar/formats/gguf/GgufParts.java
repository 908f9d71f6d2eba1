package dev.ashlar.formats.gguf;

import dev.ashlar.formats.gguf.family.GgufFields;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The files of one model: usually one; several, named {@code …-00001-of-00003.gguf}, if split. */
final class GgufParts implements AutoCloseable {
  private static final Pattern NUMBERED = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");
  private static final String COUNT = "split.count";
  private static final String NUMBER = "split.no";
  private static final String TENSORS = "split.tensors.count";
  private static final long MOST_PARTS = 99_999;

  private final List<GgufFile> files = new ArrayList<>();
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

  private GgufParts() {}

  /** Whether a file of that name is a model's only or first part. */
  static boolean isFirst(String name) {
    Matcher m = NUMBERED.matcher(name);
    return !m.matches() || m.group(2).equals("00001");
  }

  /** Opens {@code path} and all other parts of its model. */
  static GgufParts open(Path path) {
    GgufParts parts = new GgufParts();
    try {
      GgufFile first = parts.add(path);
      long count = count(first);
      if (count > 1) {
        parts.addOthers(path, count);
      }
      return parts;
    } catch (RuntimeException e) {
      parts.close();
      throw e;
    }
  }

  private static long count(GgufFile file) {
    return new GgufFields(file.path(), file.metadata()).whole(COUNT, 0).orElse(1);
  }

  private GgufFile add(Path path) {
    GgufFile file = GgufFile.open(path);
    files.add(file);
    for (String name : file.names()) {
      if (tensors.put(name, file.find(name).orElseThrow()) != null) {
        throw InputException.in(path)
            .place(name)
            .problem("is also in another part of the model")
            .exception();
      }
    }
    return file;
  }

  private void addOthers(Path path, long count) {
    Matcher m = NUMBERED.matcher(path.getFileName().toString());
    if (!m.matches() || count > MOST_PARTS || Long.parseLong(m.group(3)) != count) {
      throw InputException.in(path)
          .place(COUNT)
          .problem("is one of " + count + " parts of a split model, but not named like one")
          .hint(
              "put all parts in one folder under names that end in "
                  + String.format(Locale.ROOT, "-00001-of-%05d.gguf", Math.min(count, MOST_PARTS))
                  + " and so on")
          .exception();
    }
    for (long i = 1; i <= count; i++) {
      Path part =
          path.resolveSibling(
              String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", m.group(1), i, count));
      if (!Files.isRegularFile(part)) {
        throw InputException.in(path)
            .problem(
                "is one of " + count + " parts, of which " + part.getFileName() + " is missing")
            .hint("download the missing part")
            .exception();
      }
      if (!part.getFileName().equals(path.getFileName())) {
        add(part);
      }
    }
    // The first part has the model's metadata; the others repeat little of it.
    files.sort((a, b) -> a.path().getFileName().compareTo(b.path().getFileName()));
    for (int i = 0; i < files.size(); i++) {
      GgufFields fields = new GgufFields(files.get(i).path(), files.get(i).metadata());
      long number = fields.whole(NUMBER, 0).orElse(i);
      long parts = count(files.get(i));
      if (number != i || parts != count) {
        throw fields.fault(
            number != i ? NUMBER : COUNT,
            "part " + (i + 1) + " of " + count + ", as the file is named",
            "part " + (number + 1) + " of " + parts);
      }
      long all = fields.whole(TENSORS, 0).orElse(tensors.size());
      if (all != tensors.size()) {
        throw fields.fault(
            TENSORS, all + " tensors in all parts together", Integer.toString(tensors.size()));
      }
    }
  }

  /** The model's metadata. */
  Map<String, Object> metadata() {
    return files.getFirst().metadata();
  }

  /** All tensors under their own names. */
  Map<String, StoredTensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public void close() {
    files.forEach(GgufFile::close);
  }
}
