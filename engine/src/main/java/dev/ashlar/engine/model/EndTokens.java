package dev.ashlar.engine.model;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.weights.ConfigNames;
import dev.ashlar.text.tokenizer.Tokenizer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The tokens by which a model's files say that a text ends: ids, or what tokens are spelled as.
 * Whatever else stands there is told to the user and left out.
 */
final class EndTokens {
  private static final String KEY = "eos_token_id";

  private final Checkpoint checkpoint;
  private final Tokenizer tokenizer;
  private final int vocab;
  private final Set<Integer> ids = new LinkedHashSet<>();

  private EndTokens(Checkpoint checkpoint, Tokenizer tokenizer, int vocab) {
    this.checkpoint = checkpoint;
    this.tokenizer = tokenizer;
    this.vocab = vocab;
  }

  /**
   * Those of the configuration, of its section on the language part, and of the generation
   * settings.
   *
   * @param vocab tokens that the model knows
   */
  static Set<Integer> of(Checkpoint checkpoint, Tokenizer tokenizer, int vocab) {
    EndTokens ends = new EndTokens(checkpoint, tokenizer, vocab);
    Map<String, Object> config = checkpoint.config();
    ends.add("config.json: " + KEY, config.get(KEY));
    for (String section : ConfigNames.SECTIONS) {
      if (config.get(section) instanceof Map<?, ?> part) {
        ends.add("config.json: " + section + "." + KEY, part.get(KEY));
      }
    }
    ends.add(GenerationSettings.FILE + ": " + KEY, checkpoint.generationConfig().get(KEY));
    return ends.ids;
  }

  /**
   * @param place file and key, for messages
   * @param value null if there is none; a list is of several
   */
  private void add(String place, Object value) {
    switch (value) {
      case null -> {}
      case List<?> all -> all.forEach(one -> add(place, one));
      case Number n -> number(place, n);
      case String text -> text(place, text);
      default -> ignored(place, value, "neither a token's id nor a token");
    }
  }

  /** A negative number says that there is none. */
  private void number(String place, Number n) {
    long id = n.longValue();
    if (n.doubleValue() != id || id >= vocab) {
      ignored(place, n, "no id of one of the model's " + vocab + " tokens");
    } else if (id >= 0) {
      ids.add((int) id);
    }
  }

  /** What a token is spelled as; a number in quotes is an id all the same. */
  private void text(String place, String text) {
    if (text.matches("\\d{1,9}")) {
      checkpoint.note(
          place + text, place + " is " + Json.describe(text) + "; it is taken for id " + text);
      number(place, Long.valueOf(text));
      return;
    }
    OptionalInt id = tokenizer.id(text);
    if (id.isPresent() && id.getAsInt() < vocab) {
      ids.add(id.getAsInt());
    } else {
      ignored(place, text, "no token of the vocabulary");
    }
  }

  private void ignored(String place, Object value, String why) {
    checkpoint.note(
        place + value, place + " is " + Json.describe(value) + ", " + why + "; no text ends there");
  }
}
