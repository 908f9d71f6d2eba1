package dev.ashlar.cli.command;

import dev.ashlar.nn.decoder.HeadPrecision;
import java.util.Locale;
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
    for (HeadPrecision h : HeadPrecision.values()) {
      if (h.name().toLowerCase(Locale.ROOT).equals(type)) {
        return h;
      }
    }
    throw usage("--head must be stored or int8: " + type);
  }
}
