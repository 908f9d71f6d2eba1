package dev.ashlar.engine.data;

import dev.ashlar.formats.hub.HubCache;
import dev.ashlar.io.InputException;
import dev.ashlar.tuning.calibration.Calibration;
import dev.ashlar.tuning.calibration.DatasetSpec;
import dev.ashlar.tuning.calibration.Documents;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Finds the data set a user names: a file, or a folder or a hub id in the local hub cache, of which
 * those files are taken that can be read and belong to the split.
 */
public final class DatasetFiles {
  private static final int DEPTH = 6;
  private static final String USUAL_SPLIT = "train";
  private static final Pattern HUB_NAME = Pattern.compile("[\\w.-]+/[\\w.-]+|[\\w-]+");

  /** What data sets of the hub have beside their data. */
  private static final Set<String> BESIDE =
      Set.of(
          "readme.md",
          "license",
          "license.txt",
          "license.md",
          "dataset_infos.json",
          "dataset_info.json",
          "dataset_dict.json",
          "state.json");

  /** Short names that AutoRound knows. */
  private static final Map<String, String> SHORT =
      Map.of(
          "pile-10k", "NeelNanda/pile-10k",
          "mbpp", "google-research-datasets/mbpp",
          "ultrachat_200k", "HuggingFaceH4/ultrachat_200k");

  private final HubCache cache;

  /**
   * The data sets that a user names, with commas between them. A file whose whole name has commas
   * or colons is meant as it stands.
   *
   * @throws dev.ashlar.tuning.calibration.CalibrationException if an option is unknown or has a
   *     wrong value
   */
  public static List<DatasetSpec> specs(String text) {
    try {
      if (Files.isRegularFile(Path.of(text))) {
        return List.of(DatasetSpec.of(text));
      }
    } catch (InvalidPathException e) {
      // Then it is at least no file; what it is the parser says.
    }
    return DatasetSpec.parse(text);
  }

  /**
   * What {@link #specs} names, read.
   *
   * @throws dev.ashlar.io.AshlarException if one is not there or cannot be read
   */
  public List<Calibration.Source> sources(String text) {
    List<Calibration.Source> sources = new ArrayList<>();
    for (DatasetSpec spec : specs(text)) {
      sources.add(new Calibration.Source(spec, read(spec)));
    }
    return sources;
  }

  /** Data sets of this machine. */
  public static DatasetFiles ofMachine() {
    return new DatasetFiles(HubCache.ofProcess());
  }

  /** Data sets of this machine, the cache being {@code cache}. */
  public DatasetFiles(HubCache cache) {
    this.cache = cache;
  }

  /**
   * What a data set holds.
   *
   * @throws InputException if there is none of that name, or it cannot be read
   */
  public Documents read(DatasetSpec spec) {
    List<Path> files = files(spec);
    if (Files.exists(path(spec.name())) && !Files.isDirectory(path(spec.name()))) {
      return TextFiles.read(files.getFirst());
    }
    List<Documents.Document> documents = new ArrayList<>();
    files.forEach(file -> documents.addAll(TextFiles.textsOrTokens(file)));
    return new Documents.Separate(documents);
  }

  /**
   * The files that a data set is: one that is named, or those of its split in a folder that is
   * named or in the hub cache.
   *
   * @throws InputException if there is none of that name
   */
  public List<Path> files(DatasetSpec spec) {
    Path file = path(spec.name());
    if (Files.isDirectory(file)) {
      return ofSplits(spec.name(), file, spec.splits());
    }
    if (Files.exists(file)) {
      if (!spec.splits().isEmpty()) {
        throw new InputException(
            spec.name()
                + ": a file has no splits ("
                + String.join("+", spec.splits())
                + "); name one file for each");
      }
      return List.of(file);
    }
    String id = SHORT.getOrDefault(spec.name(), spec.name());
    Optional<Path> found = cache.findDataset(id);
    if (found.isPresent()) {
      return ofSplits(id, found.get(), spec.splits());
    }
    boolean named = HUB_NAME.matcher(spec.name()).matches();
    throw new InputException(
        spec.name()
            + ": no such file"
            + (named ? ", and no such data set in the local hub cache; nothing is downloaded" : "")
            + "; give a "
            + TextFiles.readable()
            + " file with --dataset");
  }

  private static Path path(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new InputException("'" + name + "' is not a path: " + e.getReason(), e);
    }
  }

  private static List<Path> ofSplits(String id, Path folder, List<String> splits) {
    List<Path> all = files(folder);
    List<Path> readable = all.stream().filter(TextFiles::isData).toList();
    List<Path> others =
        all.stream().filter(f -> OtherFormats.mayBeData(OtherFormats.ending(f))).toList();
    List<String> wanted = splits.isEmpty() ? List.of(USUAL_SPLIT) : splits;
    List<Path> chosen = named(folder, readable, wanted);
    if (!chosen.isEmpty()) {
      return chosen;
    }
    // A split in a form that is not read must not give way to whatever else lies there.
    List<Path> closed = named(folder, others, wanted);
    boolean onlyNotes = readable.stream().noneMatch(TextFiles::mayHoldRecords);
    if (!closed.isEmpty() || readable.isEmpty() || onlyNotes && !others.isEmpty()) {
      throw unreadable(id, folder, closed.isEmpty() ? others : closed, wanted.getFirst());
    }
    if (!splits.isEmpty()) {
      throw new InputException(
          id
              + ": no file in "
              + folder
              + " is called "
              + String.join(" or ", splits)
              + "; there are "
              + String.join(", ", readable.stream().map(f -> folder.relativize(f) + "").toList()));
    }
    return readable;
  }

  private static InputException unreadable(String id, Path folder, List<Path> files, String split) {
    if (files.isEmpty()) {
      return new InputException(
          id + ": there are no data in " + folder + "; give a " + TextFiles.readable() + " file");
    }
    Path first = folder.relativize(files.getFirst());
    String more = files.size() == 1 ? "" : " and " + (files.size() - 1) + " more";
    return new InputException(
        id
            + ": its data are "
            + first
            + more
            + ", and ."
            + OtherFormats.ending(first)
            + " files are not read; "
            + OtherFormats.ofDataset(id, split));
  }

  /** Files of data below a folder, in the order of their names; links lead to the cache's blobs. */
  private static List<Path> files(Path folder) {
    try (Stream<Path> all = Files.walk(folder, DEPTH, FileVisitOption.FOLLOW_LINKS)) {
      return all.filter(Files::isRegularFile)
          .filter(p -> !p.getFileName().toString().startsWith("."))
          .filter(p -> !BESIDE.contains(p.getFileName().toString().toLowerCase(Locale.ROOT)))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new InputException(folder + ": cannot be read (" + e.getMessage() + ")", e);
    }
  }

  /** Those of the files whose names have one of the words. */
  private static List<Path> named(Path folder, List<Path> files, List<String> words) {
    return files.stream()
        .filter(f -> words.stream().anyMatch(w -> named(folder.relativize(f), w)))
        .toList();
  }

  /** Whether a path has the word in it. */
  private static boolean named(Path path, String word) {
    String text = "/" + path.toString().toLowerCase(Locale.ROOT) + "/";
    String quoted = Pattern.quote(word.toLowerCase(Locale.ROOT));
    return Pattern.compile("[^a-z0-9]" + quoted + "[^a-z0-9]").matcher(text).find();
  }
}
