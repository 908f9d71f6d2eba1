package dev.ashlar.text.tokenizer;

import java.util.List;

/**
 * Decodes ids until one of several strings appears, before which the text ends. What may be the
 * beginning of one is held back until more is known. Special tokens, of which nothing is shown,
 * count with what they are spelled as.
 */
public final class StoppingDecoder implements StreamDecoder {
  private final Tokenizer tokenizer;
  private final StreamDecoder decoder;
  private final List<Search> searches;

  /** What was decoded and not returned yet. */
  private final StringBuilder held = new StringBuilder();

  /** For each character of it, whether it is shown: {@code +} or {@code -}. */
  private final StringBuilder shown = new StringBuilder();

  private boolean stopped;

  /**
   * A decoder at the beginning of a text.
   *
   * @param stops what ends it, none of them empty
   */
  public StoppingDecoder(Tokenizer tokenizer, List<String> stops) {
    this.tokenizer = tokenizer;
    this.decoder = tokenizer.stream();
    this.searches = stops.stream().map(Search::new).toList();
  }

  /** Whether one of the strings has appeared; then nothing comes any more. */
  public boolean stopped() {
    return stopped;
  }

  @Override
  public String push(int id) {
    String text = take(decoder.push(id), '+');
    return !searches.isEmpty() && tokenizer.isSpecial(id)
        ? text + take(tokenizer.token(id), '-')
        : text;
  }

  @Override
  public String flush() {
    String text = take(decoder.flush(), '+') + release(held.length());
    searches.forEach(Search::reset);
    return text;
  }

  private String take(String text, char mark) {
    for (int i = 0; i < text.length() && !stopped; i++) {
      held.append(text.charAt(i));
      shown.append(mark);
      int ending = 0;
      for (Search search : searches) {
        boolean found = search.advance(text.charAt(i));
        ending = Math.max(ending, found ? search.length() : 0);
      }
      if (ending > 0) {
        stopped = true;
        held.setLength(held.length() - ending);
        shown.setLength(held.length());
      }
    }
    int kept = stopped ? 0 : searches.stream().mapToInt(Search::matched).max().orElse(0);
    return release(held.length() - kept);
  }

  /** What is shown of the first characters that were held. */
  private String release(int count) {
    StringBuilder text = new StringBuilder(count);
    for (int i = 0; i < count; i++) {
      if (shown.charAt(i) == '+') {
        text.append(held.charAt(i));
      }
    }
    held.delete(0, count);
    shown.delete(0, count);
    return text.toString();
  }

  /** Knuth, Morris and Pratt's search, one character at a time: linear whatever the strings are. */
  private static final class Search {
    private final String wanted;

    /** For each length of a beginning, the longest shorter one that it ends in. */
    private final int[] shorter;

    private int matched;

    Search(String wanted) {
      this.wanted = wanted;
      this.shorter = new int[wanted.length() + 1];
      for (int i = 1; i < wanted.length(); i++) {
        advance(wanted.charAt(i));
        shorter[i + 1] = matched;
      }
      reset();
    }

    int length() {
      return wanted.length();
    }

    int matched() {
      return matched;
    }

    void reset() {
      matched = 0;
    }

    /** Whether the string ends with this character. */
    boolean advance(char c) {
      while (matched > 0 && (matched == wanted.length() || wanted.charAt(matched) != c)) {
        matched = shorter[matched];
      }
      if (wanted.charAt(matched) == c) {
        matched++;
      }
      return matched == wanted.length();
    }
  }
}
