package dev.ashlar.formats.gguf.family;

import dev.ashlar.tensor.weights.StoredTensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * The long rope of Phi 3 (arXiv 2402.13753): two tensors of factors beside keys. A writer asks for
 * the tensors by {@link GgufFamily#rotaryTensors}.
 */
record LongRope() implements KeyRule {
  private static final String CONTEXT = "rope.scaling.original_context_length";
  private static final String ATTENTION = "rope.scaling.attn_factor";

  /** Name of the tensor, key of the configuration. */
  private static final Map<String, String> FACTORS =
      Map.of(
          "rope_factors_long.weight", "long_factor", "rope_factors_short.weight", "short_factor");

  @Override
  public void toConfig(GgufModel model, Map<String, Object> config) {
    model.whole(CONTEXT, 1).ifPresent(n -> config.put("original_max_position_embeddings", n));
    Map<String, Object> scaling = new LinkedHashMap<>();
    scaling.put("rope_type", "longrope");
    FACTORS.forEach(
        (tensor, key) -> {
          StoredTensor stored = model.tensors().get(tensor);
          if (stored != null) {
            List<Object> numbers = new ArrayList<>();
            for (float x : stored.toTensor().data()) {
              numbers.add(Double.parseDouble(Float.toString(x)));
            }
            scaling.put(key, numbers);
          }
        });
    if (scaling.size() < 3) {
      return;
    }
    scaling.put("original_max_position_embeddings", model.required(CONTEXT));
    model.positive(ATTENTION).ifPresent(x -> scaling.put("attention_factor", x));
    config.put("rope_scaling", scaling);
  }

  @Override
  public void toMetadata(Map<String, Object> config, BiConsumer<String, Object> out) {
    Optional<Map<?, ?>> section = section(config);
    long most = ConfigValues.required(config, "max_position_embeddings");
    long first = ConfigValues.whole(config, "original_max_position_embeddings").orElse(most);
    out.accept(CONTEXT, first);
    if (section.isEmpty()) {
      return;
    }
    double by = (double) most / first;
    double usual = by <= 1 ? 1 : Math.sqrt(1 + Math.log(by) / Math.log(first));
    out.accept(
        ATTENTION,
        (float) ConfigValues.number(config, "attention_factor", "short_mscale").orElse(usual));
  }

  private static Optional<Map<?, ?>> section(Map<String, Object> config) {
    for (String name : List.of("rope_parameters", "rope_scaling")) {
      if (config.get(name) instanceof Map<?, ?> section && section.get("long_factor") != null) {
        return Optional.of(section);
      }
    }
    return Optional.empty();
  }

  /** The tensors of factors {@code [turning / 2]} by their names, empty for another scaling. */
  static Map<String, float[]> factors(Map<String, Object> config) {
    Map<String, float[]> all = new LinkedHashMap<>();
    section(config)
        .ifPresent(
            section ->
                FACTORS.forEach(
                    (tensor, key) -> {
                      if (section.get(key) instanceof List<?> list) {
                        float[] values = new float[list.size()];
                        for (int i = 0; i < values.length; i++) {
                          values[i] = list.get(i) instanceof Number n ? n.floatValue() : 1;
                        }
                        all.put(tensor, values);
                      }
                    }));
    return all;
  }
}
