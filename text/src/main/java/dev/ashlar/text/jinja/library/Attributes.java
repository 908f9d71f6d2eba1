package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Tuple;
import dev.ashlar.text.jinja.value.Undefined;
import dev.ashlar.text.jinja.value.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;

/** The argument {@code attribute} of filters: a name, a dotted path, an index. */
final class Attributes {
  private Attributes() {}

  /**
   * What leads from an element to its attribute.
   *
   * @param attribute null for the element itself
   * @param otherwise stands for an undefined one, unless null
   */
  static UnaryOperator<Object> getter(Rendering r, Object attribute, Object otherwise) {
    if (attribute == null) {
      return item -> item;
    }
    List<Object> parts = parts(r, attribute);
    return item -> {
      Object value = item;
      for (Object part : parts) {
        value = r.item(value, part);
        if (otherwise != null && value instanceof Undefined) {
          value = otherwise;
        }
      }
      return value;
    };
  }

  private static List<Object> parts(Rendering r, Object attribute) {
    if (!Values.isText(attribute)) {
      return List.of(attribute);
    }
    r.budget().text(attribute.toString().length());
    List<Object> parts = new ArrayList<>();
    for (String part : attribute.toString().split("\\.", -1)) {
      // Longer numbers than nine digits are nobody's index.
      parts.add(part.matches("\\d{1,9}") ? (Object) Long.valueOf(part) : part);
    }
    return parts;
  }

  /** The same with text in lower case, unless case matters. */
  static UnaryOperator<Object> key(Rendering r, Object attribute, boolean caseSensitive) {
    UnaryOperator<Object> getter = getter(r, attribute, null);
    return item -> fold(r, getter.apply(item), caseSensitive);
  }

  /** The same for several attributes with commas between them. */
  static UnaryOperator<Object> sortKey(Rendering r, Object attribute, boolean caseSensitive) {
    if (attribute == null || !Values.isText(attribute) || !attribute.toString().contains(",")) {
      return key(r, attribute, caseSensitive);
    }
    List<UnaryOperator<Object>> keys = new ArrayList<>();
    r.budget().text(attribute.toString().length());
    for (String one : attribute.toString().split(",", -1)) {
      keys.add(key(r, one, caseSensitive));
    }
    return item -> {
      List<Object> values = new ArrayList<>();
      keys.forEach(k -> values.add(k.apply(item)));
      return Tuple.of(values);
    };
  }

  /** Text in lower case, unless case matters. */
  static Object fold(Rendering r, Object value, boolean caseSensitive) {
    if (caseSensitive || !Values.isText(value)) {
      return value;
    }
    r.budget().text(value.toString().length());
    return value.toString().toLowerCase(Locale.ROOT);
  }

  /** A failure to name an attribute. */
  static TemplateException missing(String filter) {
    return new TemplateException(filter + " needs the name of an attribute");
  }
}
