package example;

import dev.ashlar.engine.GenerationOptions;
import dev.ashlar.engine.LanguageModel;

/** Loads a model and streams its answer: {@code StreamAnswer MODEL PROMPT}. */
class StreamAnswer {
  void main(String[] args) {
    try (LanguageModel model = LanguageModel.open(args[0])) {
      model.generate(args[1], GenerationOptions.greedy().withMaxTokens(40), System.out::print);
    }
  }
}
