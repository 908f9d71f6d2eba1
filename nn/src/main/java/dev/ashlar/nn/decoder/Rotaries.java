package dev.ashlar.nn.decoder;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The rotary tables of one decoder: blocks with equal specifications share theirs. */
final class Rotaries {
  private final Map<RotarySpec, RotaryTables> tables = new ConcurrentHashMap<>();

  RotaryTables of(RotarySpec spec) {
    return tables.computeIfAbsent(spec, RotaryTables::new);
  }
}
