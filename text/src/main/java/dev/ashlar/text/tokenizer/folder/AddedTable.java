package dev.ashlar.text.tokenizer.folder;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The tokens beside a vocabulary and their ids. A token that the vocabulary has keeps its id there;
 * any other gets the next free id when it is added, whatever id a side file gives it.
 */
final class AddedTable {
  private final Vocabulary vocabulary;
  private final TreeMap<Integer, SideToken> tokens = new TreeMap<>();
  private final Map<String, Integer> ids = new HashMap<>();
  private final Set<String> specials = new HashSet<>();

  AddedTable(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  /** Takes over a token whose id is stored with it. */
  void keep(int stored, SideToken token) {
    if (!token.content().isEmpty()) {
      int known = vocabulary.id(token.content());
      put(known < 0 ? stored : known, token);
    }
  }

  /** Adds a token, or changes the flags of one that is there. */
  void add(SideToken token) {
    if (token.content().isEmpty() || contains(token)) {
      return;
    }
    int known = id(token.content());
    int last = tokens.isEmpty() ? -1 : tokens.lastKey();
    put(known >= 0 ? known : Math.max(last + 1, vocabulary.size()), token);
  }

  private void put(int id, SideToken token) {
    if (token.special()) {
      specials.add(token.content());
    }
    tokens.put(id, token);
    ids.put(token.content(), id);
  }

  /** The id of a token, here or in the vocabulary; -1 if there is none. */
  int id(String content) {
    Integer id = ids.get(content);
    return id != null ? id : vocabulary.id(content);
  }

  boolean contains(SideToken token) {
    Integer id = ids.get(token.content());
    return id != null && token.equals(tokens.get(id));
  }

  boolean contains(String content) {
    return ids.containsKey(content);
  }

  /** The tokens as a {@code tokenizer.json} lists them. */
  List<Object> entries() {
    List<Object> entries = new ArrayList<>();
    tokens.forEach(
        (id, token) ->
            // A token that once was special stays so for decoding.
            entries.add(
                (specials.contains(token.content()) ? token.asSpecial() : token).entry(id)));
    return entries;
  }
}
