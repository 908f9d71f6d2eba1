/**
 * From the text of a template to its tree: {@link dev.ashlar.text.jinja.syntax.Lexer} cuts it into
 * tokens (white space control happens there), {@link dev.ashlar.text.jinja.syntax.Parser} makes
 * statements and expressions of them.
 *
 * <p>Not here: what they mean.
 */
package dev.ashlar.text.jinja.syntax;
