package dev.ashlar.text.jinja.value;

import java.time.LocalDateTime;

/** One rendering in progress, as filters, tests and methods see it. */
public interface Rendering {
  Budget budget();

  /** Calls a macro, method or function. */
  Object call(Object callee, Arguments arguments);

  /** Applies a filter by name. */
  Object filter(String name, Object value, Arguments arguments);

  /** Applies a test by name. */
  boolean test(String name, Object value, Arguments arguments);

  /** Whether there is a filter of this name. */
  boolean hasFilter(String name);

  /** Whether there is a test of this name. */
  boolean hasTest(String name);

  /** {@code object.name}, as the sandbox allows it. */
  Object attribute(Object object, String name);

  /** {@code object[key]}, as the sandbox allows it. */
  Object item(Object object, Object key);

  /** The time that {@code strftime_now} formats. */
  LocalDateTime now();
}
