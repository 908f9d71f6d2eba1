package dev.ashlar.cli.bench.report;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A line that was asked for and not measured.
 *
 * @param key what it would have been called
 * @param reason why, for people
 * @param failed whether the device failed at it, and not only took too long
 */
public record Missing(Line.Key key, String reason, boolean failed) {
  /** The same of a backend of another name. */
  public Missing by(String other) {
    return new Missing(new Line.Key(key.group(), key.name(), other, key.threads()), reason, failed);
  }

  /** For people. */
  String text() {
    return "not measured: " + reason;
  }

  /** For JSON. */
  Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("group", key.group());
    facts.put("name", key.name());
    facts.put("backend", key.backend());
    facts.put("threads", (long) key.threads());
    facts.put("reason", reason);
    facts.put("failed", failed);
    return facts;
  }
}
