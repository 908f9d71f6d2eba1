package dev.ashlar.cli.command;

import dev.ashlar.cli.bench.BenchDevice;
import dev.ashlar.cli.bench.Benchmark;
import dev.ashlar.cli.bench.Benchmark.Whose;
import dev.ashlar.cli.bench.Deadline;
import dev.ashlar.cli.bench.Turns;
import dev.ashlar.cli.bench.report.Comparison;
import dev.ashlar.cli.bench.report.Machine;
import dev.ashlar.cli.bench.report.Measurements;
import dev.ashlar.cli.bench.report.ReportFolder;
import dev.ashlar.cli.bench.report.Reports;
import dev.ashlar.cli.bench.widths.LineTurns;
import dev.ashlar.cli.bench.widths.WidthRuns;
import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.device.DeviceName;
import dev.ashlar.nn.device.Devices;
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
          + " cache; then products, packed products, elementwise work, the quantizer, attention,"
          + " steps of tuning, and decoding and prefill of a small decoder, by the reference and by"
          + " the vector kernels, on one thread and on all. Answers are compared with the"
          + " reference's first: a wrong one ends the run. Each path is warmed until the JIT compiler"
          + " rests and timed in turn with its neighbours; medians of seven rounds, or three of what"
          + " takes long, are shown with half their spread and their share of the ceiling. Takes"
          + " some four minutes of a quiet machine.",
      "",
      "With --gpu a device's kernels and decoders are measured beside them. Their operands stay on"
          + " the device; what their ways there and back take is shown apart."
    },
    footer = {
      "  ashlar bench --quick",
      "  ashlar bench --filter products --filter \"4 bits\"",
      "  ashlar bench --json --threads 4",
      "  ashlar bench --report here --widths",
      "  ashlar bench --gpu --widths --report here",
      "  ashlar bench --compare here/bench.json there/bench.json"
    })
final class BenchCommand extends Command {
  /** Options that say what is measured and where it goes. */
  private static final List<String> MEASURING =
      List.of(
          "--quick",
          "--filter",
          "--report",
          "--widths",
          "--gpu",
          "--time",
          "--threads",
          "--turns",
          "--skip-reference",
          "--only-device");

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

  @Option(
      names = "--widths",
      description =
          "Measure the vector kernels at 128, 256 and 512 bits, those that this machine has, in"
              + " processes that take turns; lasts as many times as long.")
  boolean widths;

  @Option(
      names = "--gpu",
      arity = "0..1",
      paramLabel = "DEVICE",
      fallbackValue = "tornado",
      description =
          "Measure a device beside the processor, tornado:0 unless another is named (--gpu=tornado:1):"
              + " the same work on the same sizes, against the device's own ceilings, with the ways"
              + " to and from it apart. A line that the device does not end in 90 s with --quick, else"
              + " 300, is left out and says why. With --widths in a process of its own, which takes"
              + " turns. Needs TornadoVM (default: the processor alone).")
  String gpu;

  @Option(
      names = "--time",
      paramLabel = "SECONDS",
      description =
          "Begin nothing after so many seconds, and wait for no device: what is left is in the report"
              + " as not measured (default: no end).")
  Integer time;

  @Option(
      names = "--compare",
      arity = "2",
      paramLabel = "REPORT",
      description =
          "Measure nothing: lay two reports (bench.json, or what --json printed) side by side, of two"
              + " machines or two versions (default: this machine is measured).")
  List<Path> compare = List.of();

  @Option(
      names = "--turns",
      hidden = true,
      description = "Wait for a line on standard input before each round.")
  boolean turns;

  @Option(
      names = "--skip-reference",
      hidden = true,
      description = "Measure no lines of the reference backend.")
  boolean skipReference;

  @Option(
      names = "--only-device",
      hidden = true,
      description = "Measure no lines of the processor.")
  boolean onlyDevice;

  BenchCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    if (!compare.isEmpty()) {
      return compared();
    }
    Measurements all = report == null ? measured() : written(report);
    if (all.failures() > 0 && !turns) {
      console.note(
          "ashlar: the device failed at "
              + all.failures()
              + (all.failures() == 1 ? " line" : " lines")
              + ", which the report names");
    }
    Report report = all.report();
    // Who gives the turns reads from it what failed.
    return turns ? new Report(report.text(), report.json()) : report;
  }

  private Measurements written(Path report) {
    try (ReportFolder folder = ReportFolder.at(report)) {
      Measurements all = measured();
      folder.write(all);
      console.note("ashlar: the report is " + folder.page());
      return all;
    }
  }

  private Report compared() {
    for (String other : MEASURING) {
      requireUsage(
          !spec.commandLine().getParseResult().hasMatchedOption(other),
          "--compare measures nothing, so that " + other + " has no effect beside it");
    }
    requireUsage(compare.size() == 2, "--compare takes two reports, once");
    return Comparison.of(
        compare.stream().map(Path::toString).toList(),
        compare.stream().map(Reports::read).toList());
  }

  private static BenchDevice opened(DeviceName name) {
    name.requireThere();
    return new BenchDevice(name.provider(), name.index());
  }

  private Optional<DeviceName> device() {
    if (gpu == null) {
      return Optional.empty();
    }
    Optional<DeviceName> name;
    try {
      name = DeviceName.of(gpu, Devices.ofProcess());
    } catch (IllegalArgumentException e) {
      throw usage(e.getMessage());
    }
    requireUsage(name.isPresent(), "--gpu takes a device, as in tornado:0: " + gpu);
    return name;
  }

  private Measurements measured() {
    requireUsage(time == null || time > 0, "--time takes a number of seconds from 1: " + time);
    requireUsage(gpu != null || !onlyDevice, "--only-device needs --gpu");
    int seconds = time == null ? 0 : time;
    Deadline end = Deadline.in(seconds);
    Optional<DeviceName> device = device();
    if (widths) {
      // The device is a process's own: this one does not touch it.
      return new WidthRuns(console, quick, filter, seconds, device.map(DeviceName::toString)).run();
    }
    Turns by = turns ? new LineTurns(System.in, console.out(), Machine.vectorBits()) : Turns.ALONE;
    Whose whose =
        onlyDevice
            ? Whose.THE_DEVICES
            : skipReference ? Whose.NOT_THE_REFERENCES : Whose.EVERYBODYS;
    return new Benchmark(
            console,
            new Benchmark.Selection(quick, filter, whose),
            by,
            end,
            device.map(BenchCommand::opened))
        .run();
  }
}
