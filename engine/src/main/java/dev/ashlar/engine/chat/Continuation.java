package dev.ashlar.engine.chat;

import dev.ashlar.nn.generate.Generator;
import dev.ashlar.text.tokenizer.StoppingDecoder;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/**
 * A model as a conversation needs it: goes on behind a prompt until it has said enough, and
 * remembers what it has read.
 */
@FunctionalInterface
public interface Continuation extends AutoCloseable {
  /**
   * Continues {@code prompt}.
   *
   * @param limit tokens at most
   * @param listener is given each token as soon as it is known; false ends the text with it
   * @param cancelled ends it
   */
  Generator.Result generate(
      int[] prompt, int limit, IntPredicate listener, BooleanSupplier cancelled);

  /**
   * What was written.
   *
   * @param result ended by {@link Generator.End#STOP_STRING} if the decoder found one
   */
  record Written(String text, Generator.Result result) {}

  /**
   * Continues {@code prompt} with a text.
   *
   * @param decoder at the beginning of a text
   * @param limit tokens at most
   * @param listener is given the text piece by piece, in whole characters
   * @param cancelled ends it
   */
  default Written write(
      StoppingDecoder decoder,
      int[] prompt,
      int limit,
      Consumer<String> listener,
      BooleanSupplier cancelled) {
    StringBuilder text = new StringBuilder();
    Consumer<String> show =
        piece -> {
          text.append(piece);
          listener.accept(piece);
        };
    Generator.Result result =
        generate(
            prompt,
            limit,
            id -> {
              show.accept(decoder.push(id));
              return !decoder.stopped();
            },
            cancelled);
    show.accept(decoder.flush());
    return new Written(
        text.toString(), decoder.stopped() ? result.with(Generator.End.STOP_STRING) : result);
  }

  /** Lets go of what it remembers; nothing can be continued afterwards. May be called again. */
  @Override
  default void close() {}

  /** The same until somebody else cancels it too. */
  default Continuation until(BooleanSupplier alsoCancelled) {
    Continuation all = this;
    return new Continuation() {
      @Override
      public Generator.Result generate(
          int[] prompt, int limit, IntPredicate listener, BooleanSupplier cancelled) {
        return all.generate(
            prompt,
            limit,
            listener,
            () -> alsoCancelled.getAsBoolean() || cancelled.getAsBoolean());
      }

      @Override
      public void close() {
        all.close();
      }
    };
  }
}
