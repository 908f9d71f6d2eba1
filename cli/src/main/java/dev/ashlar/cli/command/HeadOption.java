package dev.ashlar.cli.command;

import dev.ashlar.nn.decoder.HeadPrecision;
import picocli.CommandLine.Option;

/** How the output head is kept. */
final class HeadOption extends OptionGroup {
  @Option(
      names = "--head",
      paramLabel = "TYPE",
      defaultValue = "stored",
      description =
          "How an output head that is stored as floats is kept: stored or int8 (rounded; it is read"
              + " with every token, and often the largest matrix that is) (default:"
              + " ${DEFAULT-VALUE}).")
  String type;

  /** What the option asks for. */
  HeadPrecision head() {
    return named(HeadPrecision.values(), type, "--head must be stored or int8: " + type);
  }
}
