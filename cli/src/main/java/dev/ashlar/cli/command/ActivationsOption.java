package dev.ashlar.cli.command;

import dev.ashlar.engine.LanguageModel;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** How products with packed weights take their activations. */
final class ActivationsOption extends OptionGroup {
  @Option(
      names = "--activations",
      paramLabel = "TYPE",
      defaultValue = "float",
      description =
          "What packed weights are multiplied by: float (exact) or int8 (2- and 4-bit weights meet"
              + " activations rounded to a byte for each group, which is faster and slightly less"
              + " accurate) (default: ${DEFAULT-VALUE}).")
  String type;

  /** Says that rounded activations meet no packed weights. */
  void warnOfIdle(LanguageModel model, Consumer<String> warning) {
    if (activations() == ActivationPrecision.INT8 && !model.hasCodes()) {
      warning.accept("--activations int8 has no effect: none of the model's weights are packed");
    }
  }

  /** What the option asks for. */
  ActivationPrecision activations() {
    return named(
        ActivationPrecision.values(), type, "--activations must be float or int8: " + type);
  }
}
