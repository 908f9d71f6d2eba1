package dev.ashlar.formats.checkpoint;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Where a checkpoint lies, so that nothing is ever written there. */
final class Origin {
  private Origin() {}

  /** Refuses a folder to write to that holds, or lies in, what is read from {@code origin}. */
  static void requireApart(Path origin, Path target) {
    boolean isFolder = Files.isDirectory(origin);
    Path home = real(isFolder ? origin : origin.toAbsolutePath().getParent());
    Path there = real(target);
    if (there.equals(home) || same(there, home)) {
      throw refused(target, "is the folder of the model that is being read");
    }
    // A single file may lie in a folder that holds all kinds of things.
    boolean whole = isFolder || origin.toString().endsWith(".safetensors");
    if (whole && there.startsWith(home)) {
      throw refused(target, "lies inside the folder of the model that is being read, " + origin);
    }
    for (Path file : isFolder ? entries(origin) : List.of(origin)) {
      if (Files.isSymbolicLink(file) && there.equals(real(file).getParent())) {
        throw refused(
            target, "holds " + file.getFileName() + " of the model that is being read, by a link");
      }
    }
  }

  private static InputException refused(Path target, String problem) {
    return InputException.in(target).problem(problem).hint("choose another folder").exception();
  }

  /** The path without links, as far as it exists. */
  private static Path real(Path path) {
    Path absolute = path.toAbsolutePath();
    try {
      return absolute.toRealPath();
    } catch (IOException e) {
      Path parent = absolute.getParent();
      return parent == null
          ? absolute
          : real(parent).resolve(absolute.getFileName().toString()).normalize();
    }
  }

  private static boolean same(Path a, Path b) {
    try {
      return Files.exists(a) && Files.isSameFile(a, b);
    } catch (IOException e) {
      return false;
    }
  }

  private static List<Path> entries(Path folder) {
    List<Path> entries = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      all.forEach(entries::add);
    } catch (IOException e) {
      throw InputException.unreadable(folder, e);
    }
    return entries;
  }
}
