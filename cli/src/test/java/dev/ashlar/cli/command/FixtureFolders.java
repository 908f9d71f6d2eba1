package dev.ashlar.cli.command;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Folders of tiny models of every family: the copies in {@code nn}, and the shared ones. */
final class FixtureFolders {
  private static final Path COPIED = Path.of("../nn/src/test/resources");
  private static final Path SHARED =
      Path.of(System.getProperty("ashlar.shared", "../../shared"), "fixtures");

  private FixtureFolders() {}

  /** The copies of models of text. */
  static List<Path> copied() {
    return folders(COPIED.resolve("models"));
  }

  /** The copy of that name. */
  static Path copied(String name) {
    return COPIED.resolve("models").resolve(name);
  }

  /** A shared folder, which may not be there. */
  static Path shared(String name) {
    return SHARED.resolve(name);
  }

  /** Models of text, by name; a shared one counts once with its copy. */
  static List<Path> texts() {
    return named("models");
  }

  /** Models of text and models that also see, by name; a shared one counts once with its copy. */
  static List<Path> all() {
    return named("models", "multimodal");
  }

  private static List<Path> named(String... kinds) {
    Map<String, Path> byName = new LinkedHashMap<>();
    for (Path root : List.of(COPIED, SHARED)) {
      for (String kind : kinds) {
        folders(root.resolve(kind)).forEach(f -> byName.putIfAbsent(name(f), f));
      }
    }
    return List.copyOf(byName.values());
  }

  static String name(Path folder) {
    return folder.getFileName().toString();
  }

  private static List<Path> folders(Path root) {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(root)) {
      return all.filter(p -> Files.exists(p.resolve("config.json"))).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The tensors of a model, as floats. */
  static Map<String, Tensor> tensors(Path model) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (Checkpoint source = Checkpoints.open(model)) {
      source.names().forEach(name -> tensors.put(name, source.tensor(name).toTensor()));
    }
    return tensors;
  }

  /** Makes an empty folder one of a model in single precision. */
  static void write(Path folder, Map<String, Object> config, Map<String, Tensor> tensors)
      throws IOException {
    Files.writeString(folder.resolve("config.json"), JsonWriter.pretty(config));
    try (SafetensorsWriter writer = SafetensorsWriter.inFolder(folder)) {
      tensors.forEach((name, t) -> writer.floats(name, DType.F32, t));
      writer.finish();
    }
  }

  /** A copy of the Llama with a tokenizer of words. */
  static Path llamaWithWords(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (String name : new String[] {"config.json", "model.safetensors"}) {
      Files.copy(copied("llama").resolve(name), folder.resolve(name));
    }
    writeWords(folder);
    return folder;
  }

  /** Gives a model words {@code w0} to {@code w255} as tokens, and one that it has no row for. */
  static void writeWords(Path model) throws IOException {
    String words =
        IntStream.range(0, 256)
            .mapToObj(i -> "\"w" + i + "\": " + i)
            .collect(Collectors.joining(", "));
    Files.writeString(
        model.resolve("tokenizer.json"),
        "{\"version\": \"1.0\", \"added_tokens\": [{\"id\": 256, \"content\": \"<|extra|>\","
            + " \"single_word\": false, \"lstrip\": false, \"rstrip\": false, \"normalized\":"
            + " false, \"special\": true}], \"normalizer\": null, \"pre_tokenizer\": {\"type\":"
            + " \"WhitespaceSplit\"}, \"post_processor\": null, \"decoder\": null, \"model\":"
            + " {\"type\": \"WordLevel\", \"unk_token\": \"w0\", \"vocab\": {"
            + words
            + "}}}");
    Files.writeString(
        model.resolve("tokenizer_config.json"),
        "{\"chat_template\": \"{{ messages[0].content }}\"}");
  }
}
