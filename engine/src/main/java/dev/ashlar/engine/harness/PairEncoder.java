package dev.ashlar.engine.harness;

import dev.ashlar.io.InputException;
import dev.ashlar.text.tokenizer.Tokenizer;
import java.util.Arrays;

/**
 * Contexts and continuations as tokens, split as the Language Model Evaluation Harness does: spaces
 * at the end of a context belong to the continuation, and the continuation's tokens are those of
 * the whole text from where the context's own tokens end.
 *
 * @param special whether the tokenizer puts its opening token before a context
 */
record PairEncoder(Tokenizer tokenizer, boolean special) {
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
    int[] whole = tokenizer.encode(context + continuation, special);
    int[] front = tokenizer.encode(context.substring(0, end), special);
    if (front.length == 0) {
      return encode("", context + continuation);
    }
    int from = Math.min(front.length, whole.length);
    return pair(front, Arrays.copyOfRange(whole, from, whole.length), continuation);
  }

  private static Pair pair(int[] context, int[] continuation, String text) {
    if (continuation.length == 0) {
      throw new InputException("'" + text + "' has no tokens of its own behind its context");
    }
    return new Pair(context, continuation);
  }
}
