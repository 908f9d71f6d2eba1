package dev.ashlar.cli.bench;

import dev.ashlar.cli.bench.Stopwatch.Missed;
import dev.ashlar.cli.bench.Stopwatch.Outcome;
import dev.ashlar.cli.bench.Stopwatch.Timing;
import dev.ashlar.cli.bench.report.BenchException;
import dev.ashlar.cli.bench.report.Line;
import dev.ashlar.cli.bench.report.Machine;
import dev.ashlar.cli.bench.report.Measurements;
import dev.ashlar.cli.bench.report.Missing;
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

  /** What a line of a device may take in all. */
  private static final int LINE_SECONDS = 300;

  private static final int QUICK_LINE_SECONDS = 90;

  private final Console console;
  private final Selection selection;
  private final Turns turns;
  private final Deadline end;
  private final Stopwatch stopwatch;
  private final Optional<BenchDevice> device;

  /** Whose lines are measured. */
  public enum Whose {
    EVERYBODYS,
    /** All but the reference's own. */
    NOT_THE_REFERENCES,
    /** A device's alone. */
    THE_DEVICES
  }

  /**
   * What is measured.
   *
   * @param quick fewer sizes and rounds: a look, not a figure to quote
   * @param words only cases whose line holds all of these, whatever their letter case
   * @param whose lines are among them
   */
  public record Selection(boolean quick, List<String> words, Whose whose) {
    public Selection {
      words = words.stream().map(w -> w.toLowerCase(Locale.ROOT)).toList();
    }

    private boolean holds(String group, Case c) {
      String line =
          (group + " " + c.name() + " " + c.backend() + " " + c.threads() + " threads")
              .toLowerCase(Locale.ROOT);
      return words.stream().allMatch(line::contains);
    }
  }

  /**
   * A run in a process that has the machine to itself, or takes turns with others.
   *
   * @param end when it is to end, at the latest
   * @param device that is measured beside the processor
   */
  public Benchmark(
      Console console,
      Selection selection,
      Turns turns,
      Deadline end,
      Optional<BenchDevice> device) {
    this.end = end;
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
      List<Missing> missing = new ArrayList<>();
      List<Line> ceilings =
          measure(new Group(Measurements.CEILINGS, this::ceilings), true, 0, total, missing);
      List<Line> results = new ArrayList<>();
      for (int i = 0; i < groups.size(); i++) {
        progress.at(i + 1, groups.get(i).name());
        results.addAll(measure(groups.get(i), false, i + 1, total, missing));
      }
      return new Measurements(machine(), ceilings, results, missing);
    }
  }

  private Map<String, Object> machine() {
    Map<String, Object> machine = Machine.facts(selection.quick());
    if (device.isPresent()) {
      machine.put(Machine.DEVICE, device.get().description());
      machine.put(Machine.LINE_SECONDS, (long) lineSeconds());
    }
    if (end.seconds() > 0) {
      machine.put(Machine.TIME, (long) end.seconds());
    }
    return machine;
  }

  private int lineSeconds() {
    return selection.quick() ? QUICK_LINE_SECONDS : LINE_SECONDS;
  }

  private List<Case> ceilings() {
    List<Case> all = new ArrayList<>();
    if (selection.whose() != Whose.THE_DEVICES) {
      all.addAll(CeilingCases.all());
    }
    device.ifPresent(d -> all.addAll(d.ceilings(end)));
    return all;
  }

  private List<Case> wanted(Group group) {
    return group.cases().get().stream()
        .filter(c -> isWanted(c) && selection.holds(group.name(), c))
        .toList();
  }

  private boolean isWanted(Case c) {
    return switch (selection.whose()) {
      case EVERYBODYS -> true;
      case NOT_THE_REFERENCES -> !c.backend().equals("reference");
      case THE_DEVICES -> isOfDevice(c);
    };
  }

  private boolean isOfDevice(Case c) {
    return device.isPresent() && c.backend().equals(device.get().name());
  }

  private Limit limit(Case c) {
    return isOfDevice(c) ? device.orElseThrow().limit(c, lineSeconds(), end) : end;
  }

  /** Takes a turn for each step even where nothing is wanted, as the others do. */
  private List<Line> measure(Group group, boolean all, int done, int total, List<Missing> missing) {
    Runnable turn = () -> turns.next(done, total, group.name());
    turn.run();
    List<Case> cases =
        (all ? group.cases().get() : wanted(group)).stream().map(c -> c.within(limit(c))).toList();
    try {
      List<Outcome> outcomes = stopwatch.measure(cases, turn);
      List<Line> lines = new ArrayList<>();
      for (int i = 0; i < outcomes.size(); i++) {
        Case c = cases.get(i);
        switch (outcomes.get(i)) {
          case Timing t -> lines.add(line(group.name(), c, t));
          case Missed m ->
              missing.add(
                  new Missing(
                      new Line.Key(group.name(), c.name(), c.backend(), c.threads()),
                      m.reason(),
                      m.fault()));
        }
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
        t.transfer());
  }
}
