package dev.ashlar.formats.adapter;

import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes an adapter as PEFT saves one, in float32: {@code adapter_model.safetensors}, then {@code
 * adapter_config.json}; an older configuration is removed when all bytes of the new weights are
 * written and before they have their name: an interrupted run leaves the old adapter whole, or no
 * folder that a reader would accept.
 */
public final class PeftFolder {
  /** Larger ones are not read. */
  public static final int LARGEST_RANK = 1 << 16;

  private static final String PREFIX = "base_model.model.";

  private PeftFolder() {}

  /**
   * What the configuration says of an adapter.
   *
   * @param base the model that it was trained on, as a user names it
   * @param targets complete names or ends of names of the maps that it changes
   * @param turned whether the model's files hold these maps as {@code [in, out]}
   */
  public record Settings(
      String base, int rank, double alpha, List<String> targets, boolean turned) {
    public Settings {
      targets = List.copyOf(targets);
    }
  }

  /**
   * The factors of a map.
   *
   * @param down {@code [rank, in]}
   * @param up {@code [out, rank]}
   */
  public record Factors(Tensor down, Tensor up) {}

  /**
   * Writes an adapter into a folder, which is made if there is none.
   *
   * @param factors by the complete names of the maps
   * @return the file of weights
   * @throws InputException if something cannot be written
   */
  public static Path write(Path folder, Settings settings, Map<String, Factors> factors) {
    Path config = folder.resolve(PeftAdapter.CONFIG);
    try {
      AtomicFile.createFolders(folder);
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(folder, e);
    }
    Path file = folder.resolve(PeftAdapter.WEIGHTS);
    Path ready = null;
    try (SafetensorsWriter writer = SafetensorsWriter.toFile(file, Map.of("format", "pt"))) {
      factors.forEach(
          (module, pair) -> {
            writer.floats(PREFIX + module + ".lora_A.weight", DType.F32, pair.down());
            writer.floats(PREFIX + module + ".lora_B.weight", DType.F32, pair.up());
          });
      writer.endShard();
      // What can fail for want of room has been written: renames are left.
      ready = AtomicFile.ready(config, JsonWriter.pretty(config(settings)));
      Files.deleteIfExists(config);
      AtomicFile.syncFolder(folder);
      writer.finish();
      AtomicFile.publish(ready, config);
      AtomicFile.syncFolder(folder);
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(config, e);
    } finally {
      if (ready != null) {
        AtomicFile.delete(ready);
      }
    }
    return file;
  }

  private static Map<String, Object> config(Settings settings) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("peft_type", "LORA");
    config.put("task_type", "CAUSAL_LM");
    config.put("base_model_name_or_path", settings.base());
    config.put("r", (long) settings.rank());
    config.put("lora_alpha", number(settings.alpha()));
    config.put("lora_dropout", 0.0);
    config.put("use_rslora", false);
    config.put("fan_in_fan_out", settings.turned());
    config.put("target_modules", settings.targets());
    config.put("bias", "none");
    config.put("init_lora_weights", true);
    config.put("inference_mode", true);
    config.put("modules_to_save", null);
    return config;
  }

  /** Whole numbers without a point, as readers expect them. */
  private static Object number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? (Object) (long) value
        : (Object) value;
  }
}
