package dev.ashlar.tuning.work;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Everything that decides the outcome of a run, as named facts: equal jobs give equal bytes. */
public final class Job {
  private final SortedMap<String, String> facts;
  private final String hash;

  /** A job with these facts. */
  public Job(Map<String, String> facts) {
    this.facts = new TreeMap<>(facts);
    this.hash = sha256(lines());
  }

  private String lines() {
    StringBuilder text = new StringBuilder();
    facts.forEach(
        (name, value) ->
            text.append("  ")
                .append(quoted(name))
                .append(": ")
                .append(quoted(value))
                .append(",\n"));
    return text.toString();
  }

  private static String sha256(String text) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < ' ') {
        quoted.append(String.format("\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }

  /** SHA-256 of the facts, in hexadecimal. */
  public String hash() {
    return hash;
  }

  /** The facts as a JSON object, one on a line, with the hash. */
  public String json() {
    return "{\n" + lines() + "  \"hash\": \"" + hash + "\"\n}\n";
  }
}
