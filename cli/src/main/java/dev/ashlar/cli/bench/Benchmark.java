package dev.ashlar.cli.bench;

import dev.ashlar.cli.bench.Stopwatch.Timing;
import dev.ashlar.cli.bench.report.BenchException;
import dev.ashlar.cli.bench.report.Line;
import dev.ashlar.cli.bench.report.Machine;
import dev.ashlar.cli.bench.report.Measurements;
import dev.ashlar.cli.console.Console;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.io.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Everything {@code ashlar bench} measures. */
public final class Benchmark {
  private static final Stopwatch THOROUGH =
      new Stopwatch(7, 20_000_000, 300_000_000, 8_000_000_000L);
  private static final Stopwatch QUICK =
      new Stopwatch(Stopwatch.FEWEST, 5_000_000, 150_000_000, 4_000_000_000L);

  private final Console console;
  private final Selection selection;
  private final Turns turns;
  private final Stopwatch stopwatch;
  private final Optional<BenchDevice> device;

  /**
   * What is measured.
   *
   * @param quick fewer sizes and rounds: a look, not a figure to quote
   * @param words only cases whose line holds all of these, whatever their letter case
   * @param reference whether the reference's own lines are among them
   */
  public record Selection(boolean quick, List<String> words, boolean reference) {
    public Selection {
      words = words.stream().map(w -> w.toLowerCase(Locale.ROOT)).toList();
    }

    private boolean holds(String group, Case c) {
      String line =
          (group + " " + c.name() + " " + c.backend() + " " + c.threads() + " threads")
              .toLowerCase(Locale.ROOT);
      return words.stream().allMatch(line::contains)
          && (reference || !c.backend().equals("reference"));
    }
  }

  /** A run in a process that has the machine to itself, or takes turns with others. */
  public Benchmark(Console console, Selection selection, Turns turns) {
    this(console, selection, turns, Optional.empty());
  }

  /** The same, with a device beside the processor. */
  public Benchmark(
      Console console, Selection selection, Turns turns, Optional<BenchDevice> device) {
    this.device = device;
    this.console = console;
    this.selection = selection;
    this.turns = turns;
    this.stopwatch = selection.quick() ? QUICK : THOROUGH;
  }

  static List<Group> groups(boolean quick, Optional<BenchDevice> device) {
    List<Group> groups = new ArrayList<>();
    groups.addAll(FloatCases.groups(quick, device));
    groups.addAll(PackedCases.groups(quick, device));
    groups.addAll(PointwiseCases.groups());
    groups.addAll(QuantizeCases.groups(device));
    groups.addAll(AttentionCases.groups(quick, device));
    groups.addAll(TuningCases.groups(quick));
    groups.addAll(DecoderCases.groups(quick, device));
    return groups;
  }

  /**
   * Measures the ceilings, then the rest.
   *
   * @throws BenchException if an answer is wrong
   */
  public Measurements run() {
    List<Group> groups = groups(selection.quick(), device);
    if (!selection.words().isEmpty() && groups.stream().allMatch(g -> wanted(g).isEmpty())) {
      throw new InputException(
          "nothing is measured whose line holds " + String.join(", ", selection.words()));
    }
    int total = groups.size() + 1;
    try (Stage progress = console.begin("bench", total)) {
      List<Line> ceilings =
          measure(new Group(Measurements.CEILINGS, this::ceilings), true, 0, total);
      List<Line> results = new ArrayList<>();
      for (int i = 0; i < groups.size(); i++) {
        progress.at(i + 1, groups.get(i).name());
        results.addAll(measure(groups.get(i), false, i + 1, total));
      }
      Map<String, Object> machine = Machine.facts(selection.quick());
      device.ifPresent(d -> machine.put(Machine.DEVICE, d.description()));
      return new Measurements(machine, ceilings, results);
    }
  }

  private List<Case> ceilings() {
    List<Case> all = new ArrayList<>(CeilingCases.all());
    device.ifPresent(d -> all.addAll(d.ceilings()));
    return all;
  }

  private List<Case> wanted(Group group) {
    return group.cases().get().stream().filter(c -> selection.holds(group.name(), c)).toList();
  }

  /** Takes a turn for each step even where nothing is wanted, as the others do. */
  private List<Line> measure(Group group, boolean all, int done, int total) {
    Runnable turn = () -> turns.next(done, total, group.name());
    turn.run();
    List<Case> cases = all ? group.cases().get() : wanted(group);
    try {
      List<Timing> timings = stopwatch.measure(cases, turn);
      List<Line> lines = new ArrayList<>();
      for (int i = 0; i < timings.size(); i++) {
        lines.add(line(group.name(), cases.get(i), timings.get(i)));
      }
      return lines;
    } finally {
      device.ifPresent(BenchDevice::release);
    }
  }

  private static Line line(String group, Case c, Timing t) {
    return new Line(
        group,
        c.name(),
        c.backend(),
        c.threads(),
        c.bound().unit(),
        c.bound().title(),
        t.seconds(),
        c.work() / t.seconds().median(),
        t.first(),
        t.warmUp(),
        t.relativeL2(),
        c.transfer().get());
  }
}
