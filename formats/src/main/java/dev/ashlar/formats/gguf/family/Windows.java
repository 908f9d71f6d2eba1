package dev.ashlar.formats.gguf.family;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/**
 * Sliding windows of architectures that are read without any by llama.cpp and its kin: its
 * converter leaves them out. They are written under the container's general keys, by which Ashlar
 * computes the same model again, and {@link KeyRule#unheeded} says so.
 */
final class Windows {
  /** What configurations call the size. */
  static final String SIZE = "sliding_window";

  private static final String WINDOW = "attention.sliding_window";
  private static final String LAYERS = "attention.sliding_window_pattern";
  private static final String SLIDING = "sliding_attention";

  private Windows() {}

  /** A sentence, unless no text of the model is longer than the window. */
  private static Optional<String> sentence(OptionalLong window, Map<String, Object> config) {
    long most = ConfigValues.whole(config, "max_position_embeddings").orElse(Long.MAX_VALUE);
    return window.isEmpty() || window.getAsLong() >= most
        ? Optional.empty()
        : Optional.of(
            "GGUF's readers know no window in models of this architecture: beyond "
                + window.getAsLong()
                + " tokens, llama.cpp and its kin attend to more than this model does; Ashlar reads"
                + " the window");
  }

  /** One window in all layers. */
  static class Everywhere implements KeyRule {
    /** The window of a configuration, if there is one. */
    OptionalLong window(Map<String, Object> config) {
      OptionalLong n = ConfigValues.whole(config, SIZE);
      return n.orElse(0) > 0 ? n : OptionalLong.empty();
    }

    /** Puts what a file says. */
    void put(long window, Map<String, Object> config) {
      config.put(SIZE, window);
    }

    @Override
    public final void toConfig(GgufModel model, Map<String, Object> config) {
      long window = model.whole(WINDOW, 0).orElse(0);
      if (window > 0) {
        put(window, config);
      }
    }

    @Override
    public final void toMetadata(Map<String, Object> config, BiConsumer<String, Object> out) {
      window(config).ifPresent(n -> out.accept(WINDOW, n));
    }

    @Override
    public final Optional<String> unheeded(Map<String, Object> config) {
      return sentence(window(config), config);
    }
  }

  /** One window in all layers, of which files say 0 and configurations null where there is none. */
  static final class Said implements KeyRule {
    @Override
    public void toConfig(GgufModel model, Map<String, Object> config) {
      model.whole(WINDOW, 0).ifPresent(n -> config.put(SIZE, n == 0 ? null : n));
    }

    @Override
    public void toMetadata(Map<String, Object> config, BiConsumer<String, Object> out) {
      out.accept(WINDOW, ConfigValues.whole(config, SIZE).orElse(0));
    }

    @Override
    public Optional<String> unheeded(Map<String, Object> config) {
      OptionalLong window = ConfigValues.whole(config, SIZE);
      return window.orElse(0) > 0 ? sentence(window, config) : Optional.empty();
    }
  }

  /** A window in the layers from some on, as Qwen has it; a file lists them. */
  static final class Later implements KeyRule {
    private static final String USED = "use_sliding_window";
    private static final long FIRST = 28;

    private static List<Boolean> slides(Map<String, Object> config) {
      int layers = (int) ConfigValues.required(config, "num_hidden_layers");
      if (!ConfigValues.flag(config, USED, false)
          || ConfigValues.whole(config, SIZE).orElse(0) == 0) {
        return Collections.nCopies(layers, false);
      }
      if (config.get("layer_types") instanceof List<?> types) {
        return types.stream().map(SLIDING::equals).toList();
      }
      long first = ConfigValues.whole(config, "max_window_layers").orElse(FIRST);
      return IntStream.range(0, layers).mapToObj(layer -> layer >= first).toList();
    }

    @Override
    public void toConfig(GgufModel model, Map<String, Object> config) {
      long window = model.whole(WINDOW, 0).orElse(0);
      List<?> layers = model.fields().list(model.key(LAYERS));
      if (window > 0 && layers.contains(true)) {
        config.put(USED, true);
        config.put(SIZE, window);
        config.put(
            "layer_types",
            layers.stream()
                .map(slides -> Boolean.TRUE.equals(slides) ? SLIDING : "full_attention")
                .toList());
      }
    }

    @Override
    public void toMetadata(Map<String, Object> config, BiConsumer<String, Object> out) {
      List<Boolean> layers = slides(config);
      if (layers.contains(true)) {
        out.accept(WINDOW, ConfigValues.required(config, SIZE));
        out.accept(LAYERS, layers);
      }
    }

    @Override
    public Optional<String> unheeded(Map<String, Object> config) {
      return slides(config).contains(true)
          ? sentence(ConfigValues.whole(config, SIZE), config)
          : Optional.empty();
    }
  }
}
