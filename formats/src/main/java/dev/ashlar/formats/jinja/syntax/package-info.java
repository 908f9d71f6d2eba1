/**
 * From the text of a template to its tree: {@link dev.ashlar.formats.jinja.syntax.Lexer} cuts it
 * into tokens (white space control happens there), {@link dev.ashlar.formats.jinja.syntax.Parser}
 * makes statements and expressions of them.
 *
 * <p>Not here: what they mean.
 */
package dev.ashlar.formats.jinja.syntax;
