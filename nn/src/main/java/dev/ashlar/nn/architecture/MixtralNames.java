package dev.ashlar.nn.architecture;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The two names of each part of a mixture that is published with Mixtral's names. */
final class MixtralNames {
  private static final String PUBLISHED = ".block_sparse_moe.";
  private static final String LOADED = ".mlp.";

  /** Of an expert's maps: published, loaded. */
  private static final Map<String, String> MAPS =
      Map.of("w1", "gate_proj", "w2", "down_proj", "w3", "up_proj");

  private static final Pattern EXPERT =
      Pattern.compile("(.*\\.)(block_sparse_moe|mlp)(\\.experts\\.\\d+\\.)([a-z0-9_]+)(\\..+)?");

  private MixtralNames() {}

  /**
   * As transformers calls the part since its fifth version, and so the loaders that are built on
   * it.
   *
   * @param router what the router is called in its parent
   */
  static String loaded(String name, String router) {
    Matcher m = EXPERT.matcher(name);
    if (m.matches()) {
      String map = MAPS.getOrDefault(m.group(4), m.group(4));
      return m.group(1) + "mlp" + m.group(3) + map + rest(m);
    }
    return name.replace(PUBLISHED + "gate.", LOADED + router + ".")
        .replace(PUBLISHED, LOADED)
        .replaceFirst("\\.mlp\\.gate$", LOADED + router);
  }

  /** As the family's own files call it. */
  static String published(String name) {
    Matcher m = EXPERT.matcher(name);
    if (m.matches()) {
      String map = m.group(4);
      for (Map.Entry<String, String> names : MAPS.entrySet()) {
        map = names.getValue().equals(map) ? names.getKey() : map;
      }
      return m.group(1) + "block_sparse_moe" + m.group(3) + map + rest(m);
    }
    return name.replaceFirst("\\.mlp\\.(gate|router)(\\.|$)", PUBLISHED + "gate$2")
        .replace(LOADED, PUBLISHED);
  }

  private static String rest(Matcher m) {
    return m.group(5) == null ? "" : m.group(5);
  }
}
