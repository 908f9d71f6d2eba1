package dev.ashlar.text.tokenizer.model;

import dev.ashlar.text.tokenizer.text.LongIntMap;

/**
 * The pairs of characters that some merge result has side by side. Between any other two no merge
 * can happen, so text may be cut there and encoded part by part, with the same result: what makes
 * models without a pre-tokenizer as fast as those with one.
 */
final class Joints {
  private final LongIntMap pairs = new LongIntMap(4096);
  private final long[] ascii = new long[256];

  private Joints() {}

  /** The joints of all merge results, or null if unknown characters may take part in merges. */
  static Joints of(TokenIds tokens, Merges merges) {
    Joints joints = new Joints();
    boolean[] seen = new boolean[tokens.size()];
    for (int rule = 0; rule < merges.count(); rule++) {
      int id = merges.result(rule);
      if (!seen[id]) {
        seen[id] = true;
        joints.add(tokens.token(id));
      }
    }
    return joints;
  }

  private void add(String token) {
    int last = -1;
    for (int i = 0; i < token.length(); ) {
      int c = token.codePointAt(i);
      if (last >= 0) {
        if ((last | c) < 0x80) {
          ascii[(last << 7 | c) >>> 6] |= 1L << (last << 7 | c);
        } else {
          pairs.put((long) last << 32 | c, 1);
        }
      }
      last = c;
      i += Character.charCount(c);
    }
  }

  private boolean joined(int left, int right) {
    return (left | right) < 0x80
        ? (ascii[(left << 7 | right) >>> 6] >>> (left << 7 | right) & 1) != 0
        : pairs.get((long) left << 32 | right) >= 0;
  }

  /** The end of the part of {@code text[start, end)} that begins at {@code start}. */
  int end(char[] text, int start, int end) {
    int c = Character.codePointAt(text, start, end);
    int i = start + Character.charCount(c);
    while (i < end) {
      int next = text[i];
      if (Character.isSurrogate(text[i])) {
        next = Character.codePointAt(text, i, end);
      }
      if (!joined(c, next)) {
        break;
      }
      c = next;
      i += Character.charCount(c);
    }
    return i;
  }
}
