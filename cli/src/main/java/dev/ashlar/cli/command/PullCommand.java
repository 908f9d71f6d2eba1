package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.ConsoleListener;
import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.ModelHub;
import dev.ashlar.formats.hub.Pulled;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Parameters;

/** Downloads a model of the hub into the local cache. */
@CommandLine.Command(
    description = {
      "Downloads a model of the Hugging Face hub into the local cache, or what has changed of it:"
          + " safetensors and what lies beside them, or a GGUF file. A download that was cut off"
          + " goes on where it was.",
      "",
      "Environment: HF_HOME or HF_HUB_CACHE is where the cache is, HF_ENDPOINT the hub, HF_TOKEN"
          + " (or the file that 'hf auth login' writes) the account; with HF_HUB_OFFLINE=1 nothing"
          + " is downloaded."
    },
    footer = {
      "  ashlar pull HuggingFaceTB/SmolLM2-135M-Instruct",
      "  ashlar pull org/name@v1.0",
      "  ashlar pull org/name-GGUF:Q4_K_M"
    })
final class PullCommand extends Command {
  @Parameters(
      paramLabel = "MODEL",
      description =
          "ORG/NAME, with @REVISION (a branch, tag or commit) or :FILE behind it (the type or the"
              + " name of a GGUF file).")
  String model;

  PullCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    long start = System.nanoTime();
    Pulled pulled = ModelHub.ofProcess().pull(model, new ConsoleListener(console));
    double seconds = (System.nanoTime() - start) / 1e9;
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("model", model);
    facts.put("path", pulled.path().toString());
    facts.put("commit", pulled.commit());
    facts.put("bytes", pulled.bytes());
    facts.put("seconds", seconds);
    String done =
        pulled.bytes() == 0
            ? "all of it was there already"
            : Figures.bytes(pulled.bytes()) + " in " + Figures.seconds(seconds);
    return new Report(model + ": " + done + "\n" + pulled.path(), facts);
  }
}
