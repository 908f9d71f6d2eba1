/**
 * JSON as checkpoints use it, read strictly: duplicate keys, trailing values, ill-formed UTF-8 and
 * lone surrogates are refused, and nothing is coerced; {@code NaN} and infinities are numbers in
 * configurations alone, as Python writes them. Values are plain maps, lists, strings, numbers and
 * booleans.
 *
 * <p>Start at {@link dev.ashlar.io.json.Json}.
 */
package dev.ashlar.io.json;
