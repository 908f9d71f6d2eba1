package dev.ashlar.formats.gguf.family;

import dev.ashlar.io.InputException;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * An opened file, as rules for keys see it.
 *
 * @param architecture {@code general.architecture}, which its keys begin with
 * @param fields the metadata
 * @param tensors the file's tensors under their own names
 */
public record GgufModel(String architecture, GgufFields fields, Map<String, StoredTensor> tensors) {
  /** The whole key. */
  public String key(String name) {
    return architecture + "." + name;
  }

  /** Whether there is such a key. */
  public boolean declares(String name) {
    return fields.values().containsKey(key(name));
  }

  /** A whole number of at least {@code least}, or nothing. */
  public OptionalLong whole(String name, long least) {
    return fields.whole(key(name), least);
  }

  /** A whole number of at least 1 that must be there. */
  public long required(String name) {
    return fields.required(key(name));
  }

  /** A positive number, or nothing. */
  public OptionalDouble positive(String name) {
    return fields.positive(key(name));
  }

  /** Text, or {@code otherwise}. */
  public String text(String name, String otherwise) {
    return fields.text(key(name), otherwise);
  }

  /** A truth value, or {@code otherwise}. */
  public boolean flag(String name, boolean otherwise) {
    return fields.flag(key(name), otherwise);
  }

  /** Whether the file has a tensor of that name. */
  public boolean has(String tensor) {
    return tensors.containsKey(tensor);
  }

  /** A fault in the value of a key. */
  public InputException fault(String name, String expected, String found) {
    return fields.fault(key(name), expected, found);
  }
}
