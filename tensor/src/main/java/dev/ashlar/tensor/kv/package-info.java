/**
 * Keys and values as attention reads them: dense beside their queries, as in training, or kept in
 * pages at a precision of their own, as in generation.
 *
 * <p>Which sequence owns which pages is {@code nn}'s work. Start at {@link
 * dev.ashlar.tensor.kv.KvRows}.
 */
package dev.ashlar.tensor.kv;
