package dev.ashlar.text.tokenizer.split;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.config.TokenPattern;
import dev.ashlar.text.tokenizer.text.IntList;

/** Cuts text where a pattern matches. */
record Split(Finder finder, Behavior behavior, boolean invert) implements PreTokenizer {
  static PreTokenizer read(Node node) {
    Node pattern = node.get("pattern");
    Finder finder;
    if (pattern.get("String").isNull()) {
      Node regex = pattern.get("Regex");
      Scanner known = Scanners.find(regex.string());
      finder = known != null ? new ScannerFinder(known) : new RegexFinder(TokenPattern.read(regex));
    } else if (pattern.string("String").isEmpty()) {
      throw pattern.fault("an empty pattern would match everywhere");
    } else {
      finder = new LiteralFinder(pattern.string("String"));
    }
    return new Split(finder, Behavior.read(node.get("behavior")), node.flag("invert", false));
  }

  /** Cuts by a regular expression, each match being a piece. */
  static PreTokenizer isolating(String regex, Node place) {
    Scanner known = Scanners.find(regex);
    Finder finder =
        known != null
            ? new ScannerFinder(known)
            : new RegexFinder(TokenPattern.read(new Node(place.file(), place.path(), regex)));
    return new Split(finder, Behavior.ISOLATED, false);
  }

  @Override
  public void split(char[] text, int start, int end, boolean first, Sink out) {
    switch (behavior) {
      case ISOLATED ->
          finder.find(
              text, start, end, (s, e, match) -> emit(text, s, e, first && s == start, out));
      case REMOVED ->
          finder.find(
              text,
              start,
              end,
              (s, e, match) -> {
                if (match == invert) {
                  emit(text, s, e, first && s == start, out);
                }
              });
      case MERGED_WITH_PREVIOUS, MERGED_WITH_NEXT, CONTIGUOUS ->
          emitMerged(text, start, end, first, out);
    }
  }

  private static void emit(char[] text, int start, int end, boolean first, Sink out) {
    if (start < end) {
      out.piece(text, start, end, first);
    }
  }

  private void emitMerged(char[] text, int start, int end, boolean first, Sink out) {
    IntList ends = new IntList(64);
    IntList matches = new IntList(64);
    finder.find(
        text,
        start,
        end,
        (s, e, match) -> {
          ends.add(e);
          matches.add(match != invert ? 1 : 0);
        });
    int from = start;
    for (int i = 0; i < ends.size(); i++) {
      if (i + 1 == ends.size() || !joined(matches, i)) {
        emit(text, from, ends.get(i), first && from == start, out);
        from = ends.get(i);
      }
    }
  }

  /** Whether part {@code i} and the part after it are one piece. */
  private boolean joined(IntList matches, int i) {
    boolean here = matches.get(i) != 0;
    boolean next = matches.get(i + 1) != 0;
    return switch (behavior) {
      case MERGED_WITH_PREVIOUS -> next && !here;
      case MERGED_WITH_NEXT -> here && !next;
      case CONTIGUOUS -> here == next;
      case ISOLATED, REMOVED -> false;
    };
  }
}
