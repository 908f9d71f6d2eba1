package dev.ashlar.text.tokenizer.normalize;

import java.util.List;

/** Normalizers one after the other. */
record NormalizerSequence(List<Normalizer> steps) implements Normalizer {
  @Override
  public String normalize(String text) {
    String t = text;
    for (Normalizer step : steps) {
      t = step.normalize(t);
    }
    return t;
  }
}
