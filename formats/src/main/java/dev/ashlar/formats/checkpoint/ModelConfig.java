package dev.ashlar.formats.checkpoint;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.weights.ConfigNames;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The keys of {@code config.json} that a copy of a model changes; all others are preserved. */
public final class ModelConfig {
  /** Files in which a model's folder may say how it is quantized, if its configuration does not. */
  public static final List<String> QUANTIZATION_FILES =
      List.of("quantization_config.json", "quantize_config.json", "quant_config.json");

  private static final String QUANTIZATION = "quantization_config";
  private static final List<String> DTYPE_KEYS = List.of("dtype", "torch_dtype");

  private ModelConfig() {}

  /** Whether the output head is the embedding, so that no head tensor may be written. */
  public static boolean tied(WeightSource source) {
    return Boolean.TRUE.equals(source.config().get("tie_word_embeddings"))
        && HeadTie.of(source) == HeadTie.SHARED;
  }

  /** Whether the configuration ties the two although both are stored. */
  public static boolean saysTied(WeightSource source) {
    return Boolean.TRUE.equals(source.config().get("tie_word_embeddings"))
        && HeadTie.of(source) != HeadTie.ONLY_HEAD;
  }

  /** The float type that the configuration states. */
  public static Optional<DType> floatType(Map<String, Object> config) {
    for (String key : DTYPE_KEYS) {
      if (config.get(key) instanceof String name) {
        switch (name.startsWith("torch.") ? name.substring(6) : name) {
          case "float16", "half" -> {
            return Optional.of(DType.F16);
          }
          case "bfloat16" -> {
            return Optional.of(DType.BF16);
          }
          case "float32", "float" -> {
            return Optional.of(DType.F32);
          }
          default -> {}
        }
      }
    }
    return Optional.empty();
  }

  /**
   * The configuration to write.
   *
   * @param type the type all float tensors were given, or null if they kept theirs
   * @param quantization the new quantization configuration, or null for none
   */
  public static Map<String, Object> rewritten(
      Map<String, Object> source, DType type, Map<String, Object> quantization) {
    Map<String, Object> config = new LinkedHashMap<>(source);
    config.remove(QUANTIZATION);
    config.remove("compression_config");
    if (type != null) {
      setType(config, type);
      if (DTYPE_KEYS.stream().noneMatch(config::containsKey)) {
        config.put("torch_dtype", spelled(type));
      }
    }
    if (quantization != null) {
      config.put(QUANTIZATION, quantization);
    }
    return config;
  }

  private static void setType(Map<String, Object> config, DType type) {
    for (String key : DTYPE_KEYS) {
      if (config.get(key) instanceof String) {
        config.put(key, spelled(type));
      }
    }
    for (String section : ConfigNames.SECTIONS) {
      if (config.get(section) instanceof Map<?, ?> text) {
        Map<String, Object> copy = new LinkedHashMap<>();
        text.forEach((key, value) -> copy.put((String) key, value));
        setType(copy, type);
        config.put(section, copy);
      }
    }
  }

  private static String spelled(DType type) {
    return switch (type) {
      case F16 -> "float16";
      case BF16 -> "bfloat16";
      default -> "float32";
    };
  }
}
