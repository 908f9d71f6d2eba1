package dev.ashlar.text.tokenizer.split;

import dev.ashlar.text.tokenizer.config.Node;

/** Sentencepiece's view of spaces: visible, perhaps with one in front, perhaps cut before each. */
record Metaspace(char replacement, boolean always, boolean onlyFirst, PreTokenizer cut)
    implements PreTokenizer {
  static PreTokenizer read(Node node) {
    int c = node.character("replacement");
    if (c > 0xFFFF) {
      throw node.get("replacement").expected("a character of the basic plane");
    }
    String scheme = PreTokenizers.metaspaceScheme(node);
    PreTokenizer cut =
        node.flag("split", true)
            ? new Split(new CharFinder(x -> x == c), Behavior.MERGED_WITH_NEXT, false)
            : PreTokenizers.none();
    return new Metaspace((char) c, scheme.equals("always"), scheme.equals("first"), cut);
  }

  @Override
  public void split(char[] text, int start, int end, boolean first, Sink out) {
    char head = text[start];
    boolean prefix = (always || onlyFirst && first) && head != ' ' && head != replacement;
    int shift = prefix ? 1 : 0;
    char[] marked = new char[end - start + shift];
    marked[0] = replacement;
    for (int i = start; i < end; i++) {
      marked[i - start + shift] = text[i] == ' ' ? replacement : text[i];
    }
    cut.split(marked, 0, marked.length, first, out);
  }
}
