package dev.ashlar.formats.export;

import java.lang.module.ModuleDescriptor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What this program calls itself in the files it writes. */
final class Producer {
  /** Key of the producer in configurations. */
  static final String NAME = "ashlar";

  private Producer() {}

  /** Name and version, as {@code name:version}. */
  static String nameAndVersion() {
    ModuleDescriptor module = Producer.class.getModule().getDescriptor();
    Optional<String> version = module == null ? Optional.empty() : module.rawVersion();
    return NAME + ":" + version.orElse("unknown");
  }

  /** What stands in configurations under its name: who wrote the folder, and how it was tuned. */
  static Map<String, Object> record(ExportPlan plan) {
    Map<String, Object> made = new LinkedHashMap<>();
    made.put("quantizer", nameAndVersion());
    made.putAll(plan.settings());
    return made;
  }
}
