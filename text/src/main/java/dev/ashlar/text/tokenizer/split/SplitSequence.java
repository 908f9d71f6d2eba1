package dev.ashlar.text.tokenizer.split;

import java.util.ArrayList;
import java.util.List;

/** Pre-tokenizers one after the other, each cutting the pieces of the one before. */
public record SplitSequence(List<PreTokenizer> steps) implements PreTokenizer {
  @Override
  public void split(char[] text, int start, int end, boolean first, Sink out) {
    from(0, out).piece(text, start, end, first);
  }

  private Sink from(int step, Sink out) {
    if (step == steps.size()) {
      return out;
    }
    PreTokenizer here = steps.get(step);
    Sink rest = from(step + 1, out);
    return (text, start, end, first) -> here.split(text, start, end, first, rest);
  }

  @Override
  public PreTokenizer beforeSpelling() {
    PreTokenizer last = steps.isEmpty() ? null : steps.getLast().beforeSpelling();
    if (last == null) {
      return null;
    }
    List<PreTokenizer> before = new ArrayList<>(steps);
    before.set(before.size() - 1, last);
    return new SplitSequence(List.copyOf(before));
  }
}
