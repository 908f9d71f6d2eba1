package dev.ashlar.cli.bench.report;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.json.JsonWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/**
 * A folder with a report: {@code bench.json} and {@code index.html}. Older ones of ours are
 * replaced, each at once; other files stay what they are, also under those two names.
 */
public final class ReportFolder implements AutoCloseable {
  private static final String JSON = "bench.json";
  private static final String PAGE = "index.html";

  /** Bytes within which our files say whose they are. */
  private static final int HEAD = 512;

  private final Path folder;

  /** Folders that were made for it, the innermost first. */
  private final List<Path> made;

  private ReportFolder(Path folder, List<Path> made) {
    this.folder = folder;
    this.made = made;
  }

  /**
   * Makes the folder if there is none. Asked for before anything is measured, so that minutes of
   * work are not lost to a wrong path.
   *
   * @throws InputException if it cannot be made, or holds somebody else's file of one of the names
   */
  public static ReportFolder at(Path folder) {
    if (folder.toString().isEmpty()) {
      throw new InputException("a folder is needed for the report, and its name is empty");
    }
    List<Path> made;
    try {
      if (Files.exists(folder) && !Files.isDirectory(folder)) {
        throw InputException.in(folder).expected("a folder").found("a file").exception();
      }
      made = AtomicFile.createFolders(folder);
      requireOurs(folder.resolve(JSON), "\"" + Measurements.BENCH + "\"");
      requireOurs(folder.resolve(PAGE), Page.GENERATOR);
      AtomicFile.removeStale(folder, JSON);
      AtomicFile.removeStale(folder, PAGE);
      if (!Files.isWritable(folder)) {
        throw InputException.in(folder).problem("cannot be written to").exception();
      }
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(folder, e);
    }
    return new ReportFolder(folder, made);
  }

  private static void requireOurs(Path file, String sign) throws IOException {
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    boolean ours = false;
    if (Files.isRegularFile(file)) {
      try (InputStream in = Files.newInputStream(file)) {
        ours = new String(in.readNBytes(HEAD), StandardCharsets.UTF_8).contains(sign);
      }
    }
    if (!ours) {
      throw InputException.in(file)
          .problem("is there and is no report of ashlar bench")
          .hint("choose another folder, or move it away")
          .exception();
    }
  }

  /** Writes both files. */
  public void write(Measurements all) {
    AtomicFile.write(folder.resolve(JSON), JsonWriter.pretty(all.report().json()));
    AtomicFile.write(folder.resolve(PAGE), Page.of(all));
  }

  /** Where to look. */
  public Path page() {
    return folder.resolve(PAGE);
  }

  /** Removes the folders that were made, if nothing came into them. */
  @Override
  public void close() {
    try {
      for (Path p : made) {
        Files.delete(p);
      }
    } catch (IOException e) {
      // The report is in it, or somebody else's file.
    }
  }
}
