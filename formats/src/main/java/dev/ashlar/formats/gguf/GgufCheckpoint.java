package dev.ashlar.formats.gguf;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.gguf.family.FamilyException;
import dev.ashlar.formats.gguf.family.GgufFamilies;
import dev.ashlar.formats.gguf.family.GgufFamily;
import dev.ashlar.formats.gguf.family.GgufFields;
import dev.ashlar.formats.gguf.family.GgufModel;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.text.TokenizerSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A model in one GGUF file, or in the numbered parts of a split one, with the configuration keys
 * and tensor names of Hugging Face. Blocks widen to float as they are read; nothing is reported as
 * packed.
 *
 * <p>What the container itself can know is checked on opening: required keys, counts against sizes,
 * token lists against the embedding. Whether a model is complete is for its reader to see.
 */
public final class GgufCheckpoint extends Checkpoint {
  private final Path path;
  private final GgufParts parts;
  private final Map<String, Object> config;
  private final Map<String, StoredTensor> tensors;

  private GgufCheckpoint(
      Path path, GgufParts parts, Map<String, Object> config, Map<String, StoredTensor> tensors) {
    this.path = path;
    this.parts = parts;
    this.config = config;
    this.tensors = tensors;
  }

  /**
   * Opens a {@code .gguf} file (any part of a split one), or a folder that holds one such model and
   * no other; empty for anything else.
   */
  public static Optional<Checkpoint> open(Path path) {
    Optional<Path> file = file(path);
    if (file.isEmpty()) {
      return Optional.empty();
    }
    GgufParts parts = GgufParts.open(file.get());
    try {
      return Optional.of(translate(file.get(), parts));
    } catch (RuntimeException e) {
      parts.close();
      throw e;
    }
  }

  private static Optional<Path> file(Path path) {
    if (!Files.isDirectory(path)) {
      return path.toString().endsWith(".gguf") || startsAsGguf(path)
          ? Optional.of(path)
          : Optional.empty();
    }
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(path)) {
      for (Path file : all) {
        String name = file.getFileName().toString();
        if (name.startsWith(".")) {
          continue; // What other systems keep beside a file under its name is no model.
        }
        if (name.equals("config.json") || name.endsWith(".safetensors")) {
          return Optional.empty();
        }
        if (name.endsWith(".gguf") && GgufParts.isFirst(name)) {
          found.add(file);
        }
      }
    } catch (IOException e) {
      return Optional.empty();
    }
    return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
  }

  private static boolean startsAsGguf(Path path) {
    try (InputStream in = Files.newInputStream(path)) {
      return new String(in.readNBytes(4), StandardCharsets.ISO_8859_1).equals("GGUF");
    } catch (IOException e) {
      return false;
    }
  }

  private static GgufCheckpoint translate(Path path, GgufParts parts) {
    GgufFields fields = new GgufFields(path, parts.metadata());
    String architecture = fields.text("general.architecture", null);
    if (architecture == null) {
      throw fields.fault("general.architecture", "a value", "no such key");
    }
    GgufModel model = new GgufModel(architecture, fields, parts.tensors());
    GgufFamily family =
        GgufFamilies.of(model)
            .orElseThrow(
                () ->
                    fields.fault(
                        "general.architecture",
                        "one of " + GgufFamilies.architectures(),
                        "\"" + architecture + "\""));
    // First: what follows takes counts for true.
    new GgufChecks(model, fields, parts.tensors()).check();
    Map<String, Object> config = new GgufConfig(model).translate(family);
    try {
      Map<String, StoredTensor> tensors = family.toHuggingFace(parts.tensors(), config);
      return new GgufCheckpoint(
          path, parts, Collections.unmodifiableMap(config), Collections.unmodifiableMap(tensors));
    } catch (FamilyException e) {
      throw fields.fault(e.place(), e.expected(), e.found());
    }
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public String kind() {
    return "gguf";
  }

  @Override
  public boolean mixesFloatTypes() {
    return true;
  }

  @Override
  public TokenizerSource tokenizer() {
    return new TokenizerSource.Metadata(path, parts.metadata());
  }

  @Override
  public Map<String, Object> generationConfig() {
    return sideFiles().generationConfig();
  }

  @Override
  public void requireTarget(Path folder) {
    super.requireTarget(folder);
    sideFiles().contents();
  }

  @Override
  public void writeSideFiles(Path folder) {
    sideFiles().write(folder);
  }

  private GgufSideFiles sideFiles() {
    return new GgufSideFiles(new GgufFields(path, parts.metadata()), config);
  }

  @Override
  public Map<String, Object> config() {
    return config;
  }

  @Override
  public Set<String> names() {
    return tensors.keySet();
  }

  @Override
  public Optional<StoredTensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  @Override
  public Set<String> quantizedNames() {
    return Set.of();
  }

  @Override
  public Optional<QuantizedMatrix> quantized(String module) {
    return Optional.empty();
  }

  @Override
  public void close() {
    parts.close();
  }
}
