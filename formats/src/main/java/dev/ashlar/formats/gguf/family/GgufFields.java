package dev.ashlar.formats.gguf.family;

import dev.ashlar.io.InputException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Typed access to metadata, every fault naming its key.
 *
 * @param file the file that faults name
 * @param values the metadata by its keys
 */
public record GgufFields(Path file, Map<String, Object> values) {
  /** −1 in 32 bits without a sign. */
  private static final long NONE = 0xFFFFFFFFL;

  /** A whole number of at least {@code least}, or nothing. */
  public OptionalLong whole(String key, long least) {
    Object value = values.get(key);
    if (value == null) {
      return OptionalLong.empty();
    }
    if (value instanceof List<?> list && !list.isEmpty() && list.stream().distinct().count() == 1) {
      // Some writers repeat a number for every block.
      value = list.getFirst();
    }
    if (value instanceof Long n && n >= least && n <= 0xFFFFFFFFL) {
      return OptionalLong.of(n);
    }
    throw fault(key, "a whole number from " + least, describe(value));
  }

  /**
   * The id of a token, or nothing. Converters write −1 for a token that there is not, which is
   * {@code 2^32−1} in the unsigned type of these keys.
   */
  public OptionalLong token(String kind) {
    String key = "tokenizer.ggml." + kind + "_token_id";
    Object value = values.get(key);
    boolean none = value instanceof Number n && (n.longValue() == -1 || n.longValue() == NONE);
    return none ? OptionalLong.empty() : whole(key, 0);
  }

  /** The id of a token that running does without: nothing if it is not one of {@code tokens}. */
  public OptionalLong dispensable(String kind, long tokens) {
    Object value = values.get("tokenizer.ggml." + kind + "_token_id");
    return value instanceof Long id && id >= 0 && id < tokens
        ? OptionalLong.of(id)
        : OptionalLong.empty();
  }

  /** A whole number of at least 1 that must be there. */
  public long required(String key) {
    return whole(key, 1).orElseThrow(() -> fault(key, "a value", "no such key"));
  }

  /**
   * A positive number, or nothing. A float becomes the shortest decimal that is the same float, so
   * that 1e-5 reads as 1e-5.
   */
  public OptionalDouble positive(String key) {
    Object value = values.get(key);
    if (value == null) {
      return OptionalDouble.empty();
    }
    if (value instanceof Number n && n.doubleValue() > 0 && Double.isFinite(n.doubleValue())) {
      return OptionalDouble.of(
          value instanceof Float ? Double.parseDouble(n.toString()) : n.doubleValue());
    }
    throw fault(key, "a positive number", describe(value));
  }

  /** A text, or {@code otherwise}. */
  public String text(String key, String otherwise) {
    Object value = values.getOrDefault(key, otherwise);
    if (value == null || value instanceof String) {
      return (String) value;
    }
    throw fault(key, "text", describe(value));
  }

  /** A truth value, or {@code otherwise}. */
  public boolean flag(String key, boolean otherwise) {
    Object value = values.getOrDefault(key, otherwise);
    if (value instanceof Boolean b) {
      return b;
    }
    throw fault(key, "true or false", describe(value));
  }

  /** A list, or an empty one. */
  public List<?> list(String key) {
    Object value = values.getOrDefault(key, List.of());
    if (value instanceof List<?> list) {
      return list;
    }
    throw fault(key, "a list", describe(value));
  }

  /** A fault in the value of {@code key}. */
  public InputException fault(String key, String expected, String found) {
    return InputException.in(file).place(key).expected(expected).found(found).exception();
  }

  private static String describe(Object value) {
    return switch (value) {
      case List<?> list -> "a list of " + list.size();
      case String text -> "the text \"" + text + "\"";
      default -> String.valueOf(value);
    };
  }
}
