package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.Report;
import dev.ashlar.io.json.JsonWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all commands share: options that concern the process, and how the result is printed. */
@CommandLine.Command(
    mixinStandardHelpOptions = false,
    optionListHeading = "%nOptions:%n",
    footerHeading = "%nExamples:%n",
    synopsisHeading = "Usage: ",
    descriptionHeading = "%n",
    parameterListHeading = "%nParameters:%n",
    abbreviateSynopsis = true,
    showDefaultValues = false,
    sortOptions = false)
abstract class Command implements Callable<Integer> {
  /** Where everything is printed. */
  protected final Console console;

  /** What picocli knows of this command. */
  @Spec protected CommandSpec spec;

  @Option(names = "--json", order = 100, description = "Print one JSON object on standard output.")
  boolean json;

  @Option(
      names = "--threads",
      order = 101,
      paramLabel = "N",
      description = "Threads to compute with (default: one for each processor).")
  Integer threads;

  @Option(names = "--debug", order = 102, description = "Show where in the program a fault arose.")
  boolean debug;

  @Option(
      names = {"-h", "--help"},
      order = 103,
      usageHelp = true,
      description = "Show this help.")
  boolean help;

  Command(Console console) {
    this.console = console;
  }

  /** Adds options that are known only when the program runs. */
  void extend(CommandSpec described) {}

  /** Does the work; whatever is thrown becomes one sentence and a failure. */
  abstract Report execute() throws Exception;

  @Override
  public final Integer call() throws Exception {
    if (threads != null) {
      requireUsage(threads >= 1 && threads <= 1024, "--threads takes 1 to 1024: " + threads);
      // Read once by tensor's Parallel, which nothing has touched yet.
      System.setProperty("ashlar.threads", threads.toString());
    }
    Report report = execute();
    if (json) {
      console.out().print(JsonWriter.pretty(report.json()));
    } else if (!report.text().isEmpty()) {
      console.out().println(report.text().stripTrailing());
    }
    console.requireWritten();
    return report.status();
  }

  /** Refuses wrong usage in one sentence. */
  final void requireUsage(boolean condition, String otherwise) {
    if (!condition) {
      throw usage(otherwise);
    }
  }

  /** The refusal of wrong usage, to be thrown. */
  final ParameterException usage(String sentence) {
    return new ParameterException(spec.commandLine(), sentence);
  }
}
