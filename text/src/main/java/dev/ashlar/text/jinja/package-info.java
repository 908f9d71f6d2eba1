/**
 * An interpreter for the Jinja templates that model files bring, as transformers sets Jinja up for
 * chat templates: immutable sandbox, {@code trim_blocks}, {@code lstrip_blocks}, loop controls.
 * Templates are untrusted: nothing leads from them to Java's classes or to files, and each
 * rendering has a {@link dev.ashlar.text.jinja.value.Budget}.
 *
 * <p>A template is parsed by {@code syntax}, run by {@link dev.ashlar.text.jinja.Interpreter} over
 * the values of {@code value} and with what {@code library} knows. Not here: conversations, which
 * {@code chat} turns into variables. Start at {@link dev.ashlar.text.jinja.Template}.
 */
package dev.ashlar.text.jinja;
