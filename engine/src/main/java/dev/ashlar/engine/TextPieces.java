package dev.ashlar.engine;

import dev.ashlar.engine.chat.Continuation;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.text.tokenizer.StoppingDecoder;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A text that is generated as far as somebody reads it. Each token is a generation of its own
 * behind all tokens so far, of which the generator's cache has all but the last, so that nothing is
 * computed twice and no thread has to wait.
 */
final class TextPieces implements Iterator<String> {
  private final Continuation model;
  private final StoppingDecoder decoder;
  private final int limit;
  private final BooleanSupplier cancelled;
  private int[] ids;
  private int length;
  private int made;
  private boolean ended;
  private String next = "";

  /**
   * @param prompt token ids, copied
   * @param limit tokens at most
   */
  TextPieces(
      Continuation model,
      StoppingDecoder decoder,
      int[] prompt,
      int limit,
      BooleanSupplier cancelled) {
    this.model = model;
    this.decoder = decoder;
    this.limit = limit;
    this.cancelled = cancelled;
    this.ids = prompt.clone();
    this.length = prompt.length;
  }

  /** The pieces, each made when it is read. */
  Stream<String> asStream() {
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(
                this, Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE),
            false)
        .onClose(model::close);
  }

  @Override
  public boolean hasNext() {
    while (next.isEmpty() && !ended) {
      next = piece();
    }
    return !next.isEmpty();
  }

  @Override
  public String next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the text has ended");
    }
    String piece = next;
    next = "";
    return piece;
  }

  /** What one more token adds; may be empty. */
  private String piece() {
    if (made == limit || decoder.stopped() || cancelled.getAsBoolean()) {
      return end();
    }
    int[] prompt = Arrays.copyOf(ids, length);
    Generator.Result result = model.generate(prompt, 1, id -> true, cancelled);
    if (result.tokens().isEmpty()) {
      return end();
    }
    int token = result.tokens().getFirst();
    if (length == ids.length) {
      ids = Arrays.copyOf(ids, 2 * length);
    }
    ids[length++] = token;
    made++;
    return decoder.push(token);
  }

  private String end() {
    ended = true;
    model.close();
    return decoder.flush();
  }
}
