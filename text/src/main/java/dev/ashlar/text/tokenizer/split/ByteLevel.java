package dev.ashlar.text.tokenizer.split;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.text.ByteAlphabet;

/** GPT-2's pre-tokenizer: perhaps a space in front, perhaps its pattern, then bytes spelled. */
public record ByteLevel(boolean prefixSpace, boolean pattern, boolean spell)
    implements PreTokenizer {
  static PreTokenizer read(Node node) {
    return new ByteLevel(node.flag("add_prefix_space"), node.flag("use_regex", true), true);
  }

  @Override
  public void split(char[] text, int start, int end, boolean first, Sink out) {
    Sink last = spell ? spelling(out) : out;
    if (prefixSpace && text[start] != ' ') {
      char[] prefixed = new char[end - start + 1];
      prefixed[0] = ' ';
      System.arraycopy(text, start, prefixed, 1, end - start);
      cut(prefixed, 0, prefixed.length, first, last);
    } else {
      cut(text, start, end, first, last);
    }
  }

  private void cut(char[] text, int start, int end, boolean first, Sink out) {
    if (!pattern) {
      out.piece(text, start, end, first);
      return;
    }
    int i = start;
    while (i < end) {
      int next = Gpt2Scanner.next(text, i, end);
      out.piece(text, i, next, first && i == start);
      i = next;
    }
  }

  private static Sink spelling(Sink out) {
    return (text, start, end, first) -> {
      char[] spelled = ByteAlphabet.spell(text, start, end);
      out.piece(spelled, 0, spelled.length, first);
    };
  }

  @Override
  public PreTokenizer beforeSpelling() {
    return new ByteLevel(prefixSpace, pattern, false);
  }
}
