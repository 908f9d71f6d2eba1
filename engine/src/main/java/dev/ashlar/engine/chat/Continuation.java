package dev.ashlar.engine.chat;

import dev.ashlar.nn.generate.Generator;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;

/**
 * A model as a conversation needs it: goes on behind a prompt until it has said enough, and
 * remembers what it has read.
 */
@FunctionalInterface
public interface Continuation {
  /**
   * Continues {@code prompt}.
   *
   * @param limit tokens at most
   * @param listener is given each token as soon as it is known; false ends the text with it
   * @param cancelled ends it
   */
  Generator.Result generate(
      int[] prompt, int limit, IntPredicate listener, BooleanSupplier cancelled);
}
