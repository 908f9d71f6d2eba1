/**
 * What templates can name: filters, tests, functions, and the methods of text, lists and mappings,
 * each as in Jinja under transformers. What is not here is refused by name, never passed over.
 *
 * <p>Start at {@link dev.ashlar.text.jinja.library.Library}.
 */
package dev.ashlar.text.jinja.library;
