package dev.ashlar.text.tokenizer.split;

/** Matches a fixed string that is not empty. */
record LiteralFinder(String literal) implements Finder {
  @Override
  public void find(char[] text, int start, int end, Spans out) {
    int from = start;
    int i = start;
    while (i + literal.length() <= end) {
      if (isAt(text, i)) {
        if (from < i) {
          out.span(from, i, false);
        }
        out.span(i, i + literal.length(), true);
        i += literal.length();
        from = i;
      } else {
        i++;
      }
    }
    if (from < end) {
      out.span(from, end, false);
    }
  }

  private boolean isAt(char[] text, int i) {
    for (int k = 0; k < literal.length(); k++) {
      if (text[i + k] != literal.charAt(k)) {
        return false;
      }
    }
    return true;
  }
}
