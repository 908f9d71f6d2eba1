package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.Rendering;

/** What stands behind {@code |}, and also a method: it gets a value and arguments. */
@FunctionalInterface
interface Filter {
  Object apply(Rendering rendering, Object value, Arguments arguments);
}
