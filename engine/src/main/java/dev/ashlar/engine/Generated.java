package dev.ashlar.engine;

import dev.ashlar.nn.generate.Generator;
import java.util.List;

/**
 * A text that a model has made.
 *
 * @param text without the prompt
 * @param promptTokens of the whole prompt
 * @param result tokens, why it ended, and times
 */
public record Generated(String text, int promptTokens, Generator.Result result) {
  /** The token ids of the text, and of the stop string behind it if one ended it. */
  public List<Integer> tokens() {
    return result.tokens();
  }

  /** Why it ended. */
  public Generator.End end() {
    return result.end();
  }
}
