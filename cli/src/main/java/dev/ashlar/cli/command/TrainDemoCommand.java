package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Report;
import dev.ashlar.cli.demo.DemoTraining;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.engine.model.OutputFolder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** Trains the bundled demo model again. */
@CommandLine.Command(
    description =
        "Trains the bundled demo model again, from nothing: corpus from a grammar, tokenizer,"
            + " weights.",
    footer = {"  ashlar train-demo --output-dir demo --force", "  ashlar train-demo --steps 100"})
final class TrainDemoCommand extends Command {
  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "" + DemoTraining.STEPS,
      description = "Training steps (default, and the bundled model's: ${DEFAULT-VALUE}).")
  int steps;

  @Option(
      names = "--output-dir",
      paramLabel = "DIR",
      defaultValue = "demo-model",
      description = "Folder to write (default: ${DEFAULT-VALUE}).")
  Path outputDir;

  @Option(names = "--force", description = "Replace a model that is there already.")
  boolean force;

  TrainDemoCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    requireUsage(steps >= 1, "--steps must be at least 1: " + steps);
    long start = System.nanoTime();
    double[] last = new double[1];
    try (OutputFolder folder = OutputFolder.claim(outputDir, force);
        Stage progress = console.begin("training", 1)) {
      DemoTraining.run(
          folder.path(),
          DemoTraining.options(steps),
          (step, loss) -> {
            last[0] = loss;
            progress.at((double) step / steps, String.format(Locale.ROOT, "loss %.3f", loss));
          });
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("output", outputDir.toString());
    facts.put("steps", (long) steps);
    facts.put("loss", last[0]);
    facts.put("seconds", seconds);
    return new Report(
        String.format(
            Locale.ROOT,
            "wrote %s after %d steps in %s, last loss %.3f nats per token",
            outputDir,
            steps,
            Figures.seconds(seconds),
            last[0]),
        facts);
  }
}
