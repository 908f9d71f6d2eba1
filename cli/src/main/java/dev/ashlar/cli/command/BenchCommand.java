package dev.ashlar.cli.command;

import dev.ashlar.cli.bench.Benchmark;
import dev.ashlar.cli.bench.Turns;
import dev.ashlar.cli.bench.report.Measurements;
import dev.ashlar.cli.bench.report.ReportFolder;
import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.Report;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** Times the kernels on this machine. */
@CommandLine.Command(
    description = {
      "Times every path on this machine against the machine's own ceilings.",
      "",
      "First what the processor can multiply and add, and what can be read from memory and moved in"
          + " cache; then products, packed products, elementwise work, the quantizer and attention,"
          + " by the reference and by the vector kernels, on one thread and on all. Each is warmed"
          + " until the JIT compiler rests and timed in turn with its neighbours; medians of seven"
          + " rounds are shown with their share of the ceiling. Takes some two minutes of a quiet"
          + " machine."
    },
    footer = {
      "  ashlar bench --quick",
      "  ashlar bench --filter products --filter \"4 bits\"",
      "  ashlar bench --json --threads 4"
    })
final class BenchCommand extends Command {
  @Option(names = "--quick", description = "Fewer sizes, fewer and shorter rounds.")
  boolean quick;

  @Option(
      names = "--filter",
      paramLabel = "WORD",
      description = "Only lines that hold this word; may be given more than once.")
  List<String> filter = List.of();

  @Option(
      names = "--report",
      paramLabel = "FOLDER",
      description =
          "Also write a page with charts, index.html, and bench.json, which --compare reads, into"
              + " this folder (default: the table alone).")
  Path report;

  BenchCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    Optional<ReportFolder> folder = Optional.ofNullable(report).map(ReportFolder::at);
    Benchmark.Selection selection = new Benchmark.Selection(quick, filter, true);
    Measurements all = new Benchmark(console, selection, Turns.ALONE).run();
    folder.ifPresent(
        f -> {
          f.write(all);
          console.note("ashlar: the report is " + f.page());
        });
    return all.report();
  }
}
