package dev.ashlar.engine;

import dev.ashlar.engine.model.Model;
import dev.ashlar.io.InputException;
import dev.ashlar.text.tokenizer.Tokenizer;

/** Makes token ids of prompts, and holds them against the model's context. */
final class Prompts {
  private Prompts() {}

  /**
   * The token ids of a prompt with what the tokenizer puts around a text.
   *
   * @throws InputException if there are none
   */
  static int[] of(Tokenizer tokenizer, String text) {
    int[] ids = tokenizer.encode(text, true);
    if (ids.length == 0) {
      throw new InputException("the prompt is empty; give it some text");
    }
    return ids;
  }

  /**
   * The same of a prompt that leaves room for an answer.
   *
   * @throws InputException if there are none, or so many that they fill the model's context
   */
  static int[] fitting(Model model, Tokenizer tokenizer, String text, GenerationOptions how) {
    int[] ids = of(tokenizer, text);
    if (ids.length >= context(model, how)) {
      throw new InputException(
          "the prompt has "
              + ids.length
              + " tokens and the model takes "
              + model.contextLength()
              + ", what it adds among them; shorten the prompt, or ask it to go on beyond its"
              + " context");
    }
    limit(model, how, ids.length);
    return ids;
  }

  /**
   * Tokens that may follow a prompt of so many.
   *
   * @throws InputException if the model's files leave no room for any
   */
  static int limit(Model model, GenerationOptions how, int promptTokens) {
    return how.modelLimit()
        ? model.generationSettings().limit(promptTokens, how.maxTokens())
        : how.maxTokens();
  }

  /** Tokens that a text may have in the end, a prompt of so many included. */
  static long tokens(Model model, GenerationOptions how, int promptTokens) {
    long all = (long) promptTokens + limit(model, how, promptTokens);
    return Math.min(context(model, how), all);
  }

  /**
   * Tokens at which a text ends, prompt included.
   *
   * @throws InputException if the text is to go on beyond the context and the model cannot
   */
  static int context(Model model, GenerationOptions how) {
    if (!how.beyondContext()) {
      return model.contextLength();
    }
    if (model.spec().embedding().learned().isPresent()) {
      throw new InputException(
          model.checkpoint().path()
              + ": the model has learned a position for each of the "
              + model.contextLength()
              + " tokens of its context and has none beyond it");
    }
    return Integer.MAX_VALUE;
  }

  /**
   * Refuses to measure a text in windows that it does not fill, or that the model does not take.
   *
   * @param context tokens that the model takes
   */
  static void requireWindow(int[] ids, int window, int context) {
    if (ids.length < window) {
      throw new InputException(
          "the text has " + ids.length + " tokens, fewer than one window of " + window);
    }
    if (window > context) {
      throw new InputException(
          "windows of " + window + " tokens do not fit the model, which takes " + context);
    }
  }
}
