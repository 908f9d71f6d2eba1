package dev.ashlar.engine.model;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architecture;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The linear maps of a model that can be adapted, found by any name that they go by: as the model's
 * files have them, as the family publishes or its loaders call them, with or without the parts that
 * a model is wrapped in. Routers and a head that is the embedding are not among them.
 */
public final class AdaptedModules {
  /** What wraps a language model in names; a tower for images has another word there. */
  private static final Set<String> WRAPPERS =
      Set.of("model", "language_model", "text_model", "transformer");

  private final Map<String, LinearSpec> maps = new LinkedHashMap<>();
  private final Map<String, String> names = new LinkedHashMap<>();

  /** Those of the model that {@code source} holds. */
  public AdaptedModules(DecoderSpec spec, Checkpoint source) {
    for (BlockSpec block : spec.blocks()) {
      Set<String> routers = block.routers();
      for (LinearSpec l : block.linears()) {
        if (!routers.contains(l.name())) {
          maps.put(block.name() + "." + l.name(), l);
        }
      }
    }
    LinearSpec head = spec.head().output();
    if (!spec.head().tied() || source.quantizedNames().contains(head.name())) {
      maps.put(head.name(), head);
    }
    Optional<Architecture> family = Architectures.find(spec.modelType());
    List<UnaryOperator<String>> spellings =
        family.isEmpty()
            ? List.of(UnaryOperator.identity())
            : List.of(UnaryOperator.identity(), family.get()::published, family.get()::loaded);
    for (String name : maps.keySet()) {
      spellings.forEach(s -> names.putIfAbsent(bare(s.apply(name)), name));
    }
  }

  private static String bare(String name) {
    String rest = name;
    for (int dot = rest.indexOf('.');
        dot > 0 && WRAPPERS.contains(rest.substring(0, dot));
        dot = rest.indexOf('.')) {
      rest = rest.substring(dot + 1);
    }
    return rest;
  }

  /** The name by which the model knows a map, or empty if it has none of that name. */
  public Optional<String> find(String name) {
    return maps.containsKey(name) ? Optional.of(name) : Optional.ofNullable(names.get(bare(name)));
  }

  /** The map of that name, as the model knows it. */
  public LinearSpec map(String name) {
    return maps.get(name);
  }

  /** All of them in the model's order. */
  public Map<String, LinearSpec> all() {
    return Collections.unmodifiableMap(maps);
  }

  /** One of them, to show what names look like. */
  String example() {
    return maps.keySet().iterator().next();
  }
}
