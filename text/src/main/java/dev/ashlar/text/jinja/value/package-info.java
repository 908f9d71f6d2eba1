/**
 * The values of a template and what Python does with them: truth, equality, order, arithmetic,
 * printing. Text is a {@code String} counted in code points; numbers are {@code Long}, {@code
 * BigInteger}, {@code Double} and {@code Boolean}; lists and mappings are Java's; null is None.
 * What Java has no type for has one here.
 *
 * <p>Not here: syntax, filters. Start at {@link dev.ashlar.text.jinja.value.Values}.
 */
package dev.ashlar.text.jinja.value;
