package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.ConsoleListener;
import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.ModelHub;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Parameters;

/** Removes a model from the local cache. */
@CommandLine.Command(
    description =
        "Removes a model from the local cache of the Hugging Face hub, which other tools use too:"
            + " all of it, one revision, or one GGUF file.",
    footer = {
      "  ashlar rm HuggingFaceTB/SmolLM2-135M-Instruct",
      "  ashlar rm org/name@v1.0",
      "  ashlar rm org/name-GGUF:Q4_K_M"
    })
final class RmCommand extends Command {
  @Parameters(
      paramLabel = "MODEL",
      description =
          "ORG/NAME for all of it; with @REVISION or :FILE behind it (the type or the name of a"
              + " GGUF file) for that.")
  String model;

  RmCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    long bytes = ModelHub.ofProcess().remove(model, new ConsoleListener(console));
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("model", model);
    facts.put("bytes", bytes);
    return new Report("removed " + model + " (" + Figures.bytes(bytes) + ")", facts);
  }
}
