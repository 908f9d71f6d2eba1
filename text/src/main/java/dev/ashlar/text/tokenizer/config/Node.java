package dev.ashlar.text.tokenizer.config;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.text.tokenizer.text.Utf8;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A value in a configuration, which knows its file and its place there.
 *
 * @param file what the file is called in messages
 * @param path the place, such as {@code pre_tokenizer.pretokenizers[1]}; empty at the root
 * @param value a map, list, string, number, boolean or null
 */
public record Node(String file, String path, Object value) {
  /** The member {@code key}, which may be absent: its value is null then. */
  public Node get(String key) {
    Object member = map().get(key);
    return new Node(file, path.isEmpty() ? key : path + "." + key, member);
  }

  /** Whether there is no value, or the value null. */
  public boolean isNull() {
    return value == null;
  }

  /** The value as an object. */
  public Map<?, ?> map() {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw expected("an object");
  }

  /** The value as a list. */
  public List<?> list() {
    if (value instanceof List<?> list) {
      return list;
    }
    throw expected("a list");
  }

  /** The elements of the list at {@code key}. */
  public List<Node> nodes(String key) {
    Node list = get(key);
    List<Node> nodes = new ArrayList<>();
    for (Object element : list.list()) {
      nodes.add(new Node(file, list.path + "[" + nodes.size() + "]", element));
    }
    return nodes;
  }

  /** What {@code each} makes of the elements of the list at {@code key}. */
  public <T> List<T> each(String key, Function<Node, T> each) {
    return nodes(key).stream().map(each).toList();
  }

  /**
   * The value as a string, without lone surrogates: one in a pattern would cut a character of a
   * text in two.
   */
  public String string() {
    if (!(value instanceof String s)) {
      throw expected("a string");
    }
    if (!Utf8.isWellFormed(s)) {
      throw fault("half a character (a lone surrogate) is in the string");
    }
    return s;
  }

  /** The string at {@code key}. */
  public String string(String key) {
    return get(key).string();
  }

  /** The string at {@code key}, if there is one that is not empty. */
  public Optional<String> optional(String key) {
    Node node = get(key);
    return node.isNull() || node.string().isEmpty() ? Optional.empty() : Optional.of(node.string());
  }

  /** The single character at {@code key}, as a code point. */
  public int character(String key) {
    Node node = get(key);
    String s = node.string();
    if (s.isEmpty() || s.codePointCount(0, s.length()) != 1) {
      throw node.expected("one character");
    }
    return s.codePointAt(0);
  }

  /** The boolean at {@code key}, which must be there. */
  public boolean flag(String key) {
    Node node = get(key);
    if (node.value instanceof Boolean b) {
      return b;
    }
    throw node.expected("true or false");
  }

  /** The boolean at {@code key}, or {@code otherwise} if it is absent or null. */
  public boolean flag(String key, boolean otherwise) {
    return get(key).isNull() ? otherwise : flag(key);
  }

  /** The value as a whole number in 0…2³¹-1, such as an id or a count. */
  public int count() {
    if (value instanceof Long n && n >= 0 && n <= Integer.MAX_VALUE) {
      return n.intValue();
    }
    if (value instanceof Integer n && n >= 0) {
      return n;
    }
    throw expected("a whole number in 0…2147483647");
  }

  /** The count at {@code key}, or {@code otherwise} if it is absent or null. */
  public int count(String key, int otherwise) {
    Node node = get(key);
    return node.isNull() ? otherwise : node.count();
  }

  /** The value as a number. */
  public double number() {
    if (value instanceof Number n) {
      return n.doubleValue();
    }
    throw expected("a number");
  }

  /** The name of the component this object describes: its {@code type}. */
  public String type() {
    return string("type");
  }

  /** The component that the list's factory of this name makes of this object. */
  public <T> T component(String kind, Map<String, Function<Node, T>> all) {
    String type = type();
    Function<Node, T> factory = all.get(type);
    if (factory == null) {
      throw get("type").fault("the " + kind + " \"" + type + "\" is not supported");
    }
    return factory.apply(this);
  }

  /** A fault that is not about the kind of the value. */
  public InputException fault(String problem) {
    return InputException.in(file).place(path).problem(problem).exception();
  }

  /** A fault with what was wanted in place of the value. */
  public InputException expected(String what) {
    return InputException.in(file)
        .place(path)
        .expected(what)
        .found(value == null ? "nothing" : Json.describe(value))
        .exception();
  }
}
