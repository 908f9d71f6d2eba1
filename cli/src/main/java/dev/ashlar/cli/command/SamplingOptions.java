package dev.ashlar.cli.command;

import dev.ashlar.engine.GenerationOptions;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** How tokens are chosen. */
final class SamplingOptions extends OptionGroup {
  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0.7",
      description = "0 always takes the likeliest token (default: ${DEFAULT-VALUE}).")
  double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      defaultValue = "0",
      description = "Draw among the K likeliest only; 0 for all (default: ${DEFAULT-VALUE}).")
  int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "0.95",
      description = "Draw among the likeliest that reach P (default: ${DEFAULT-VALUE}).")
  double topP;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "42",
      description = "The same seed gives the same text (default: ${DEFAULT-VALUE}).")
  long seed;

  @Option(
      names = "--beyond-context",
      description = "Go on when the model's context is full, instead of ending there.")
  boolean beyondContext;

  /** Says which options do nothing because no token is drawn. */
  void warnOfIdle(Consumer<String> warning) {
    String certain = temperature == 0 ? "--temperature 0" : topK == 1 ? "--top-k 1" : "";
    if (certain.isEmpty()) {
      return;
    }
    List<String> idle =
        Stream.of("--temperature", "--top-k", "--top-p", "--seed")
            .filter(o -> given(o) && !certain.startsWith(o))
            .toList();
    if (!idle.isEmpty()) {
      warning.accept(noEffect(idle, " with " + certain));
    }
  }

  /**
   * What the options ask for.
   *
   * @param maxTokens tokens at most, or null if that was not said
   * @param otherwise what holds then where the model's files say nothing
   */
  GenerationOptions options(Integer maxTokens, int otherwise) {
    requireUsage(
        maxTokens == null || maxTokens >= 1, "--max-tokens must be at least 1: " + maxTokens);
    GenerationOptions all = GenerationOptions.defaults();
    GenerationOptions options =
        (maxTokens == null ? all.orMaxTokens(otherwise) : all.withMaxTokens(maxTokens))
            .withTemperature(temperature)
            .withTopK(topK)
            .withTopP(topP)
            .withSeed(seed);
    try {
      options.sampler();
      return beyondContext ? options.beyondTheContext() : options;
    } catch (IllegalArgumentException e) {
      throw usage("--" + e.getMessage());
    }
  }
}
