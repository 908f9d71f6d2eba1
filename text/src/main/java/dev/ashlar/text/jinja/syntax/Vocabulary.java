package dev.ashlar.text.jinja.syntax;

import java.util.Set;

/**
 * The names a template may use.
 *
 * @param filters after {@code |}
 * @param tests after {@code is}
 */
public record Vocabulary(Set<String> filters, Set<String> tests) {}
