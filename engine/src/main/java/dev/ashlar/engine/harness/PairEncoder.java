package dev.ashlar.engine.harness;

import dev.ashlar.io.InputException;
import dev.ashlar.text.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Contexts and continuations as tokens, split as the Language Model Evaluation Harness does: spaces
 * at the end of a context belong to the continuation, and the continuation's tokens are those of
 * the whole text from where the context's own tokens end.
 *
 * @param opening whether the token that opens texts goes before a context; empty for as the
 *     tokenizer does
 */
record PairEncoder(Tokenizer tokenizer, Optional<Boolean> opening) {
  /**
   * @param context at least one token; what opens or ends a text if there is no context
   */
  record Pair(int[] context, int[] continuation) {}

  /**
   * @throws InputException if the continuation has no tokens of its own
   */
  Pair encode(String context, String continuation) {
    if (context.isEmpty()) {
      int opening = tokenizer.bos().orElse(tokenizer.eos().orElse(-1));
      if (opening < 0) {
        throw new InputException("a text without context needs a token that opens or ends texts");
      }
      return pair(new int[] {opening}, tokenizer.encode(continuation, false), continuation);
    }
    int end = PythonText.endOfText(context);
    int[] whole = text(context + continuation);
    int[] front = text(context.substring(0, end));
    if (front.length == 0) {
      return encode("", context + continuation);
    }
    int from = Math.min(front.length, whole.length);
    return pair(front, Arrays.copyOfRange(whole, from, whole.length), continuation);
  }

  /** A text's tokens, the opening one among them only once. */
  int[] text(String text) {
    OptionalInt bos = tokenizer.bos();
    boolean written = bos.isPresent() && text.startsWith(tokenizer.token(bos.getAsInt()));
    int[] ids = tokenizer.encode(text, !written && opening.orElse(true));
    boolean lacks = !written && opening.orElse(false) && bos.isPresent();
    if (!lacks || (ids.length > 0 && ids[0] == bos.getAsInt())) {
      return ids;
    }
    int[] all = new int[ids.length + 1];
    all[0] = bos.getAsInt();
    System.arraycopy(ids, 0, all, 1, ids.length);
    return all;
  }

  private static Pair pair(int[] context, int[] continuation, String text) {
    if (continuation.length == 0) {
      throw new InputException("'" + text + "' has no tokens of its own behind its context");
    }
    return new Pair(context, continuation);
  }
}
