package dev.ashlar.formats.adapter;

import dev.ashlar.io.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Predicate;

/** Opens an adapter of whatever kind. */
public final class Adapters {
  private Adapters() {}

  /**
   * Opens the adapter at {@code path}: a folder that PEFT saved, its {@code
   * adapter_model.safetensors}, or a GGUF file.
   *
   * @param config {@code config.json} of the language model that it is for, whose family says what
   *     GGUF's names mean
   * @param modules whether the model has a linear map of that name: where GGUF has one name for two
   *     spellings, this decides
   * @throws InputException if there is none, it is malformed, or says something that is not
   *     supported
   */
  public static Adapter open(Path path, Map<String, Object> config, Predicate<String> modules) {
    if (!Files.exists(path)) {
      throw InputException.in(path)
          .problem("no such file or folder")
          .hint("an adapter is a folder with adapter_config.json, or a .gguf file")
          .exception();
    }
    if (Files.isDirectory(path)) {
      return PeftAdapter.open(path);
    }
    String name = path.getFileName().toString();
    if (name.endsWith(".gguf")) {
      return GgufAdapter.open(path, config, modules);
    }
    if (name.equals(PeftAdapter.WEIGHTS)) {
      return PeftAdapter.open(path.toAbsolutePath().getParent());
    }
    throw InputException.in(path)
        .expected("an adapter: a folder with adapter_config.json, or a .gguf file")
        .found("a file of another kind")
        .exception();
  }
}
