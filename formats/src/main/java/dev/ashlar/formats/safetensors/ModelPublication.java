package dev.ashlar.formats.safetensors;

import dev.ashlar.formats.checkpoint.ModelConfig;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Puts a whole model into a folder, in place of one that may be there.
 *
 * <p>Weights and all that lies beside them are first made ready under temporary names and synced:
 * what can fail for want of room, or of sense in a configuration, does so while the old model is
 * whole. What is left is removing and renaming, {@code config.json} being the first to go and the
 * last to come: at every moment a folder with that file is one whole model. What the old one had
 * beside its weights goes with it.
 */
public final class ModelPublication {
  private static final String CONFIG = "config.json";
  private static final String SUFFIX = ".safetensors";

  private ModelPublication() {}

  /** Writes what lies beside the weights, {@code config.json} among it. */
  @FunctionalInterface
  public interface Beside {
    /**
     * @param folder empty, and not the one that the files come to
     */
    void write(Path folder);
  }

  /**
   * Publishes the weights of {@code writer}, and what {@code beside} writes, in {@code folder}.
   *
   * @param folder that the writer writes to
   * @return the files of weights
   * @throws InputException if something cannot be written
   */
  public static List<Path> publish(Path folder, SafetensorsWriter writer, Beside beside) {
    writer.prepare();
    Path ready = null;
    try {
      ready = AtomicFile.createFolder(folder.resolve("model-beside"));
      beside.write(ready);
      List<Path> files = files(ready);
      requirePlaces(folder, files);
      removeOld(folder);
      List<Path> weights = writer.finish();
      move(ready, folder, files);
      return weights;
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(folder.resolve(CONFIG), e);
    } finally {
      if (ready != null) {
        AtomicFile.deleteFolder(ready);
      }
    }
  }

  /** What was made ready, relative to its folder; the configuration last. */
  private static List<Path> files(Path ready) throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> all = Files.walk(ready)) {
      all.filter(Files::isRegularFile).map(ready::relativize).sorted().forEach(files::add);
    }
    Path config = ready.relativize(ready.resolve(CONFIG));
    if (!files.remove(config)) {
      throw new IllegalStateException("a model without " + CONFIG);
    }
    files.add(config);
    return files;
  }

  private static void requirePlaces(Path folder, List<Path> files) {
    SideFiles.requireOwnTemplates(folder);
    for (Path file : files) {
      Path place = folder.resolve(file);
      if (Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
        throw InputException.in(place)
            .expected("a file, or nothing")
            .found("a folder")
            .hint("move it away or choose another output folder")
            .exception();
      }
    }
  }

  /** From here until the last file has come the folder is no model. */
  private static void removeOld(Path folder) throws IOException {
    Files.deleteIfExists(folder.resolve(CONFIG));
    AtomicFile.syncFolder(folder);
    for (String name : ModelConfig.QUANTIZATION_FILES) {
      Path file = folder.resolve(name);
      if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
        Files.deleteIfExists(file);
      }
    }
    SideFiles.removeOld(folder);
    AtomicFile.syncFolder(folder);
  }

  private static void move(Path ready, Path folder, List<Path> files) throws IOException {
    for (Path file : files) {
      Path place = folder.resolve(file);
      if (file.equals(files.getLast())) {
        AtomicFile.syncFolder(folder);
      }
      boolean below = file.getNameCount() > 1;
      if (below) {
        Files.createDirectories(place.getParent());
      }
      AtomicFile.publish(ready.resolve(file), place);
      if (below) {
        AtomicFile.syncFolder(place.getParent());
      }
    }
    AtomicFile.syncFolder(folder);
  }

  /**
   * Refuses a folder that a model cannot be written to: it holds one that is not to be replaced, or
   * something that would be taken for a part of the new one.
   *
   * @param overwrite whether a model may be replaced
   * @throws InputException naming what is in the way
   */
  public static void requireRoom(Path folder, boolean overwrite) {
    if (!Files.exists(folder)) {
      return;
    }
    if (!Files.isDirectory(folder)) {
      throw InputException.in(folder).expected("a folder to write to").found("a file").exception();
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        boolean weights = name.endsWith(SUFFIX);
        if ((name.equals(CONFIG) || weights) && !name.startsWith(".")) {
          refuse(folder, entry, overwrite, !weights || SafetensorsWriter.isModelFile(name));
        }
      }
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(folder, e);
    }
  }

  /**
   * @param replaced whether writing a model would replace the entry
   */
  private static void refuse(Path folder, Path entry, boolean overwrite, boolean replaced) {
    String name = entry.getFileName().toString();
    if (!overwrite) {
      throw InputException.in(folder)
          .problem("already holds a model (" + name + ")")
          .hint("choose another output folder, or ask for it to be overwritten")
          .exception();
    }
    if (!replaced || Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
      throw InputException.in(folder)
          .problem(
              name + " is in it, which would not be replaced but taken for a part of the model")
          .hint("move it away or choose another output folder")
          .exception();
    }
  }
}
