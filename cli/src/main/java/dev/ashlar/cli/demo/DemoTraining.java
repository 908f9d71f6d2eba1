package dev.ashlar.cli.demo;

import dev.ashlar.engine.demo.DemoGrammar;
import dev.ashlar.formats.safetensors.ModelPublication;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.weights.MemoryWeights;
import dev.ashlar.text.tokenizer.BpeTrainer;
import dev.ashlar.text.tokenizer.Tokenizer;
import dev.ashlar.text.tokenizer.Tokenizers;
import dev.ashlar.tuning.train.Trainer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes the demo model from nothing: tells the corpus, trains the tokenizer and the model, and
 * writes a Hugging Face folder with bfloat16 weights. The same seed gives the same bytes on any
 * number of threads of the same kind of machine.
 */
public final class DemoTraining {
  /** Special token that also is bos and eos. */
  static final String END = "<|end|>";

  /** Training steps of the bundled model. */
  public static final int STEPS = 1500;

  private static final int CORPUS_CHARACTERS = 6_000_000;
  private static final int TOKENIZER_CHARACTERS = 1_000_000;

  private DemoTraining() {}

  /** The options that made the bundled model. */
  public static Trainer.Options options(int steps) {
    return new Trainer.Options(16, 128, steps, 3e-3f, Math.max(1, steps / 20), 0.1f, 1f, 42);
  }

  /** Trains and writes the model into {@code folder}, which must exist. */
  public static void run(Path folder, Trainer.Options options, Trainer.Progress progress) {
    String corpus = new DemoGrammar().generate(DemoGrammar.TRAINING_TEXT, CORPUS_CHARACTERS).text();
    Map<String, Object> tokenizerJson =
        BpeTrainer.train(
            corpus.substring(0, TOKENIZER_CHARACTERS), DemoModel.VOCABULARY, List.of(END));
    Tokenizer tokenizer = Tokenizers.fromJson(tokenizerJson, "trained tokenizer");
    MemoryWeights weights = DemoModel.untrained(options.seed(), 0, 0);
    Decoder decoder = Architectures.loadTrained(weights);
    new Trainer(decoder, options).run(tokenizer.encode(corpus), progress);
    write(folder, decoder, weights.config(), tokenizerJson);
  }

  private static void write(
      Path folder, Decoder decoder, Map<String, Object> config, Map<String, Object> tokenizer) {
    Map<String, Object> tokenizerConfig = new LinkedHashMap<>();
    tokenizerConfig.put("tokenizer_class", "PreTrainedTokenizerFast");
    tokenizerConfig.put("bos_token", END);
    tokenizerConfig.put("eos_token", END);
    tokenizerConfig.put("add_bos_token", false);
    try (SafetensorsWriter writer = SafetensorsWriter.inFolder(folder)) {
      decoder.forEachTensor((name, t) -> writer.floats(name, DType.BF16, t));
      ModelPublication.publish(
          folder,
          writer,
          ready -> {
            AtomicFile.write(ready.resolve("tokenizer.json"), JsonWriter.compact(tokenizer));
            AtomicFile.write(
                ready.resolve("tokenizer_config.json"), JsonWriter.pretty(tokenizerConfig));
            AtomicFile.write(ready.resolve("config.json"), JsonWriter.pretty(config));
          });
    }
  }
}
