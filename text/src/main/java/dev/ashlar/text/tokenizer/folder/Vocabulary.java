package dev.ashlar.text.tokenizer.folder;

import dev.ashlar.text.tokenizer.config.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The tokens of a model and their ids.
 *
 * @param size how many there are
 */
record Vocabulary(Map<String, Integer> ids, int size) {
  /** The vocabulary at a model's {@code vocab}: an object, or a list of tokens with scores. */
  static Vocabulary of(Node vocab) {
    Map<String, Integer> ids = new HashMap<>();
    if (vocab.value() instanceof List<?> list) {
      for (int id = 0; id < list.size(); id++) {
        if (list.get(id) instanceof List<?> pair
            && !pair.isEmpty()
            && pair.get(0) instanceof String token) {
          ids.putIfAbsent(token, id);
        }
      }
      return new Vocabulary(ids, list.size());
    }
    vocab
        .map()
        .forEach(
            (token, id) -> {
              // What is no id is refused where the model is read.
              if (id instanceof Long n && n >= 0 && n < Integer.MAX_VALUE) {
                ids.put((String) token, n.intValue());
              }
            });
    return new Vocabulary(ids, ids.size());
  }

  /** The id of a token, or -1. */
  int id(String token) {
    return ids.getOrDefault(token, -1);
  }
}
