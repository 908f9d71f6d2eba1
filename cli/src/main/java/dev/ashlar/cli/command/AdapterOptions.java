package dev.ashlar.cli.command;

import dev.ashlar.formats.adapter.AdapterFile;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Adapters that go with a model. */
final class AdapterOptions extends OptionGroup {
  @Option(
      names = "--lora",
      paramLabel = "PATH[:SCALE]",
      description =
          "An adapter to go with the model: a folder that PEFT saved, or a .gguf file; SCALE is how"
              + " strongly it counts (default 1); may be repeated, and all count.")
  List<String> adapters = List.of();

  /** What the options name. */
  List<AdapterFile> files() {
    List<AdapterFile> files = new ArrayList<>();
    for (String text : adapters) {
      files.add(file(text));
    }
    return files;
  }

  private AdapterFile file(String text) {
    int colon = text.lastIndexOf(':');
    try {
      // A path may have a colon of its own.
      if (colon <= 0 || Files.exists(Path.of(text))) {
        return new AdapterFile(Path.of(text), 1);
      }
      String end = text.substring(colon + 1);
      double scale = scale(end);
      if (Double.isFinite(scale)) {
        return new AdapterFile(Path.of(text.substring(0, colon)), scale);
      }
      requireUsage(
          !Files.exists(Path.of(text.substring(0, colon))),
          "--lora PATH:SCALE takes a number behind the colon: '" + end + "'");
      return new AdapterFile(Path.of(text), 1);
    } catch (InvalidPathException e) {
      throw usage("--lora takes a path: '" + text + "'");
    }
  }

  private static double scale(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }
}
