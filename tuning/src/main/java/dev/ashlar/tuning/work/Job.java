package dev.ashlar.tuning.work;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Everything that decides the outcome of a run, as named facts: equal jobs give equal bytes. */
public final class Job {
  private static final String HASH = "hash";
  private static final int LONGEST_VALUE = 120;
  private static final Pattern CONTROL = Pattern.compile("\\\\u00[01]\\p{XDigit}");

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
        quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }

  /**
   * The job that {@link #json()} wrote; empty for any other text, down to the last character: what
   * is not known to be a job's is somebody else's.
   */
  static Optional<Job> parse(String json) {
    Map<String, String> facts = new LinkedHashMap<>();
    for (String line : json.split("\n", -1)) {
      if (line.startsWith("  \"")) {
        int[] at = {2};
        Optional<String> name = unquoted(line, at);
        at[0] += 2;
        Optional<String> value = unquoted(line, at);
        if (name.isPresent() && value.isPresent() && !name.get().equals(HASH)) {
          facts.put(name.get(), value.get());
        }
      }
    }
    Job job = new Job(facts);
    return job.json().equals(json) ? Optional.of(job) : Optional.empty();
  }

  /** The text in quotes at {@code at}, which moves behind it. */
  private static Optional<String> unquoted(String line, int[] at) {
    int i = at[0];
    if (i >= line.length() || line.charAt(i) != '"') {
      return Optional.empty();
    }
    StringBuilder text = new StringBuilder();
    for (i++; i < line.length() && line.charAt(i) != '"'; i++) {
      char c = line.charAt(i);
      boolean escaped = c == '\\' && i + 1 < line.length();
      if (escaped
          && i + 6 <= line.length()
          && CONTROL.matcher(line.substring(i, i + 6)).matches()) {
        text.append((char) HexFormat.fromHexDigits(line, i + 2, i + 6));
        i += 5;
      } else {
        text.append(escaped ? line.charAt(++i) : c);
      }
    }
    at[0] = i + 1;
    return Optional.of(text.toString());
  }

  /**
   * What another job does otherwise, each as {@code setting: here → there}. A fact that is a list
   * of {@code name=value} is taken apart.
   */
  List<String> differences(Job now) {
    Map<String, String> before = settings();
    Map<String, String> after = now.settings();
    TreeSet<String> names = new TreeSet<>(before.keySet());
    names.addAll(after.keySet());
    List<String> differences = new ArrayList<>();
    for (String name : names) {
      String from = before.getOrDefault(name, "none");
      String to = after.getOrDefault(name, "none");
      if (!from.equals(to)) {
        differences.add(name + ": " + shortened(from) + " → " + shortened(to));
      }
    }
    return Collections.unmodifiableList(differences);
  }

  private Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>();
    facts.forEach(
        (name, value) -> {
          List<String> rest = new ArrayList<>();
          for (String part : value.split(", ")) {
            int sign = part.indexOf('=');
            if (sign > 0 && part.substring(0, sign).matches("\\w+")) {
              settings.put(part.substring(0, sign), part.substring(sign + 1));
            } else {
              rest.add(part);
            }
          }
          settings.put(name, String.join(", ", rest));
        });
    return settings;
  }

  private static String shortened(String value) {
    return value.length() <= LONGEST_VALUE ? value : value.substring(0, LONGEST_VALUE) + "…";
  }

  /** SHA-256 of the facts, in hexadecimal. */
  public String hash() {
    return hash;
  }

  /** The facts as a JSON object, one on a line, with the hash. */
  public String json() {
    return "{\n" + lines() + "  \"" + HASH + "\": \"" + hash + "\"\n}\n";
  }
}
