package dev.ashlar.cli.bench.widths;

import dev.ashlar.cli.bench.report.BenchException;
import dev.ashlar.cli.bench.report.Line;
import dev.ashlar.cli.bench.report.Machine;
import dev.ashlar.cli.bench.report.Measurements;
import dev.ashlar.cli.bench.report.Missing;
import dev.ashlar.cli.console.Console;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backends;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Gives the turns to processes that measure with vectors of 128, 256 and 512 bits, and to one that
 * has a device, and joins what they measured. Each piece of work, a warm-up or a round of a group,
 * is done by all of them one after the other before the next one begins: rounds of the widths
 * alternate.
 */
public final class WidthRuns {
  private static final int[] WIDTHS = {128, 256, 512};

  /** In the place of a width: the device's process, whose vectors do not matter. */
  private static final int DEVICE = 0;

  private final Console console;
  private final boolean quick;
  private final List<String> words;
  private final int seconds;
  private final Optional<String> device;

  /**
   * Of what {@link dev.ashlar.cli.bench.Benchmark} measures with the same choice.
   *
   * @param seconds that the run may take, or 0 for any number
   * @param device that a process of its own measures, as {@code --gpu} takes it
   */
  public WidthRuns(
      Console console, boolean quick, List<String> words, int seconds, Optional<String> device) {
    this.console = console;
    this.quick = quick;
    this.words = words;
    this.seconds = seconds;
    this.device = device;
  }

  /** A process and how far it is. */
  private static final class Runner {
    final int width;
    final WidthProcess process;
    TurnLine waiting;

    Runner(int width, WidthProcess process) {
      this.width = width;
      this.process = process;
    }

    String name() {
      return WidthRuns.name(width);
    }

    /** Whether it waits for another turn. */
    boolean waits() {
      Optional<TurnLine> turn = process.waiting();
      waiting = turn.orElse(null);
      return turn.isPresent();
    }
  }

  /**
   * Measures by every width that the machine has, and by the device.
   *
   * @throws InputException if this program computes without the Vector API
   * @throws BenchException if one of the processes fails
   */
  public Measurements run() {
    if (!Backends.chosen().name().equals("vector")) {
      throw new InputException(
          "--widths compares widths of vectors, and there are none here: " + Backends.reason());
    }
    List<Runner> all = new ArrayList<>();
    try {
      for (int width : WIDTHS) {
        all.add(started(width, all.isEmpty()));
      }
      if (device.isPresent()) {
        all.add(started(DEVICE, false));
      }
      return joined(measured(all));
    } finally {
      all.forEach(r -> r.process.close());
    }
  }

  private static String name(int width) {
    return width == DEVICE ? "the device" : "vectors of " + width + " bits";
  }

  private Runner started(int width, boolean first) {
    return new Runner(width, new WidthProcess(name(width), command(width, first)));
  }

  /** The reference does not know of widths: the first process measures it for all. */
  private List<String> command(int width, boolean first) {
    List<String> words = new ArrayList<>(List.of("bench", "--json", "--turns"));
    words.addAll(List.of("--threads", String.valueOf(Parallel.threads())));
    if (quick) {
      words.add("--quick");
    }
    if (seconds > 0) {
      words.addAll(List.of("--time", String.valueOf(seconds)));
    }
    if (width == DEVICE) {
      words.addAll(List.of("--gpu=" + device.orElseThrow(), "--only-device"));
    } else if (!first) {
      words.add("--skip-reference");
    }
    this.words.forEach(w -> words.add("--filter=" + w));
    return JavaCommand.of(width, words);
  }

  /** Those that have what they were started with, when they are done. */
  private List<Runner> measured(List<Runner> all) {
    List<Runner> able = all.stream().filter(this::able).toList();
    if (able.stream().noneMatch(r -> r.width != DEVICE)) {
      throw new BenchException(
          "no width of vectors can be had: a flag of java's or JAVA_TOOL_OPTIONS fixes another one");
    }
    int total = able.getFirst().waiting.total();
    try (Stage progress = console.begin("bench", total)) {
      List<Runner> waiting = new ArrayList<>(able);
      while (!waiting.isEmpty()) {
        for (Runner r : List.copyOf(waiting)) {
          progress.at(r.waiting.done(), r.waiting.what() + ", " + r.name());
          r.process.go();
          if (!r.waits()) {
            waiting.remove(r);
          }
        }
      }
    }
    return able;
  }

  /** Java takes the widest it can where it is asked for more. */
  private boolean able(Runner r) {
    if (!r.waits()) {
      throw new BenchException(r.name() + ": nothing was measured");
    }
    if (r.width != DEVICE && r.waiting.bits() != r.width) {
      console.note("ashlar: there are no " + r.name() + " here");
      r.process.close();
      return false;
    }
    return true;
  }

  private Measurements joined(List<Runner> runners) {
    Map<Integer, Measurements> byWidth = new LinkedHashMap<>();
    runners.forEach(r -> byWidth.put(r.width, r.process.measurements()));
    Map<String, Object> machine = Machine.facts(quick);
    Measurements there = byWidth.get(DEVICE);
    if (there != null) {
      for (String fact : List.of(Machine.DEVICE, Machine.LINE_SECONDS)) {
        machine.put(fact, there.machine().get(fact));
      }
    }
    if (seconds > 0) {
      machine.put(Machine.TIME, (long) seconds);
    }
    machine.put(
        Machine.WIDTHS,
        byWidth.keySet().stream().filter(w -> w != DEVICE).map(Integer::longValue).toList());
    return join(machine, byWidth);
  }

  /** Lines of the same work beside each other, by backends named after their widths. */
  static Measurements join(Map<String, Object> machine, Map<Integer, Measurements> byWidth) {
    Map<Object, List<Line>> ceilings = new LinkedHashMap<>();
    Map<Object, List<Line>> results = new LinkedHashMap<>();
    List<Missing> missing = new ArrayList<>();
    byWidth.forEach(
        (width, m) -> {
          m.ceilings().forEach(l -> add(ceilings, l, width));
          m.results().forEach(l -> add(results, l, width));
          m.missing().forEach(l -> missing.add(l.by(backend(l.key().backend(), width))));
        });
    return new Measurements(machine, flat(ceilings), flat(results), missing);
  }

  /** What a width's lines are called; the reference and the device have none. */
  private static String backend(String own, int width) {
    return width == DEVICE || own.equals("reference") ? own : own + "-" + width;
  }

  private static void add(Map<Object, List<Line>> lines, Line l, int width) {
    Object work = List.of(l.group(), l.name(), l.threads());
    lines.computeIfAbsent(work, w -> new ArrayList<>()).add(l.by(backend(l.backend(), width)));
  }

  private static List<Line> flat(Map<Object, List<Line>> lines) {
    return lines.values().stream().flatMap(List::stream).toList();
  }
}
