package example;

import dev.ashlar.engine.LanguageModel;
import dev.ashlar.engine.Quantization;
import java.nio.file.Path;

/** Quantizes to 4 bits and talks with the result: {@code QuantizeAndChat MODEL FOLDER TEXT}. */
class QuantizeAndChat {
  void main(String[] args) {
    Path folder = Path.of(args[1]);
    Quantization.of(args[0]).bits(4).recipe("cpu").data(Path.of(args[2])).into(folder).run();
    try (LanguageModel model = LanguageModel.open(folder)) {
      model.chat().ask("What is the capital of France?", System.out::print);
    }
  }
}
