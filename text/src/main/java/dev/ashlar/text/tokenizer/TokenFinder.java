package dev.ashlar.text.tokenizer;

import dev.ashlar.text.tokenizer.text.CharClasses;
import dev.ashlar.text.tokenizer.text.IntList;
import dev.ashlar.text.tokenizer.text.LegacyUnicode;
import dev.ashlar.text.tokenizer.text.LongIntMap;
import java.util.List;

/** Finds added tokens in text: leftmost first, the longest of several. */
final class TokenFinder {
  /** Where the parts of a text go, in order. */
  interface TokenizerParts {
    /** Takes {@code [start, end)}, which is not empty, with its token's id, or -1 for text. */
    void part(int start, int end, int id);
  }

  private final List<AddedToken> tokens;
  private final LongIntMap edges;
  private final IntList tokenAt = new IntList(64);
  private final long[] heads = new long[1024];

  /**
   * The finder of {@code tokens}.
   *
   * @param spellings what each looks like in the text
   */
  TokenFinder(List<AddedToken> tokens, List<String> spellings) {
    this.tokens = tokens;
    edges = new LongIntMap(tokens.size() * 8);
    tokenAt.add(-1);
    for (int i = 0; i < tokens.size(); i++) {
      String spelling = spellings.get(i);
      if (spelling.isEmpty()) {
        continue;
      }
      heads[spelling.charAt(0) >>> 6] |= 1L << spelling.charAt(0);
      tokenAt.set(insert(spelling), i);
    }
  }

  private int insert(String spelling) {
    int node = 0;
    for (int k = 0; k < spelling.length(); k++) {
      long edge = (long) node << 16 | spelling.charAt(k);
      int next = edges.get(edge);
      if (next < 0) {
        next = tokenAt.size();
        tokenAt.add(-1);
        edges.put(edge, next);
      }
      node = next;
    }
    return node;
  }

  /** Hands the parts of {@code text[0, length)} to {@code out}. */
  void find(char[] text, TokenizerParts out) {
    int done = 0;
    int i = 0;
    while (i < text.length) {
      long match = (heads[text[i] >>> 6] >>> text[i] & 1) == 0 ? -1 : longest(text, i);
      if (match < 0) {
        i++;
        continue;
      }
      int matchEnd = (int) (match >>> 32);
      AddedToken token = tokens.get((int) match);
      if (!token.singleWord() || standsAlone(text, i, matchEnd)) {
        int start = token.stripLeft() ? Math.max(done, spaceBefore(text, i)) : i;
        int end = token.stripRight() ? spaceAfter(text, matchEnd) : matchEnd;
        // A token whose white space the last one took begins where that one ended.
        start = Math.max(start, Math.min(done, matchEnd));
        if (done < start) {
          out.part(done, start, -1);
        }
        out.part(start, end, token.id());
        done = end;
      }
      i = matchEnd;
    }
    if (done < text.length) {
      out.part(done, text.length, -1);
    }
  }

  /** The end of the longest token at {@code text[i]} and, in the lower half, its index; or -1. */
  private long longest(char[] text, int i) {
    long found = -1;
    int node = 0;
    for (int k = i; k < text.length; k++) {
      node = edges.get((long) node << 16 | text[k]);
      if (node < 0) {
        break;
      }
      if (tokenAt.get(node) >= 0) {
        found = (long) (k + 1) << 32 | tokenAt.get(node);
      }
    }
    return found;
  }

  private static boolean standsAlone(char[] text, int start, int end) {
    boolean left = start == 0 || !LegacyUnicode.isWord(Character.codePointBefore(text, start));
    boolean right = end == text.length || !LegacyUnicode.isWord(Character.codePointAt(text, end));
    return left && right;
  }

  private static int spaceBefore(char[] text, int i) {
    while (i > 0 && CharClasses.isSpace(text[i - 1])) {
      i--;
    }
    return i;
  }

  private static int spaceAfter(char[] text, int i) {
    while (i < text.length && CharClasses.isSpace(text[i])) {
      i++;
    }
    return i;
  }
}
