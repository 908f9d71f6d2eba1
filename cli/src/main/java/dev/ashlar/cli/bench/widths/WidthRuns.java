package dev.ashlar.cli.bench.widths;

import dev.ashlar.cli.bench.report.BenchException;
import dev.ashlar.cli.bench.report.Line;
import dev.ashlar.cli.bench.report.Machine;
import dev.ashlar.cli.bench.report.Measurements;
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
 * Gives the turns to processes that measure with vectors of 128, 256 and 512 bits, and joins what
 * they measured. Each piece of work, a warm-up or a round of a group, is done by all of them one
 * after the other before the next one begins: rounds of the widths alternate.
 */
public final class WidthRuns {
  private static final int[] WIDTHS = {128, 256, 512};

  private final Console console;
  private final boolean quick;
  private final List<String> words;

  /** Of what {@link dev.ashlar.cli.bench.Benchmark} measures with the same choice. */
  public WidthRuns(Console console, boolean quick, List<String> words) {
    this.console = console;
    this.quick = quick;
    this.words = words;
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

    /** Whether it waits for another turn. */
    boolean waits() {
      Optional<TurnLine> turn = process.waiting();
      waiting = turn.orElse(null);
      return turn.isPresent();
    }
  }

  /**
   * Measures by every width that the machine has.
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
        String name = "vectors of " + width + " bits";
        all.add(new Runner(width, new WidthProcess(name, command(width, all.isEmpty()))));
      }
      return joined(measured(all));
    } finally {
      all.forEach(r -> r.process.close());
    }
  }

  /** The reference does not know of widths: the first process measures it for all. */
  private List<String> command(int width, boolean first) {
    List<String> words = new ArrayList<>(List.of("bench", "--json", "--turns"));
    words.addAll(List.of("--threads", String.valueOf(Parallel.threads())));
    if (quick) {
      words.add("--quick");
    }
    if (!first) {
      words.add("--skip-reference");
    }
    this.words.forEach(w -> words.add("--filter=" + w));
    return JavaCommand.of(width, words);
  }

  /** Those that have what they were started with, when they are done. */
  private List<Runner> measured(List<Runner> all) {
    List<Runner> able = all.stream().filter(this::able).toList();
    if (able.isEmpty()) {
      throw new BenchException(
          "no width of vectors can be had: a flag of java's or JAVA_TOOL_OPTIONS fixes another one");
    }
    int total = able.getFirst().waiting.total();
    try (Stage progress = console.begin("bench", total)) {
      List<Runner> waiting = new ArrayList<>(able);
      while (!waiting.isEmpty()) {
        for (Runner r : List.copyOf(waiting)) {
          progress.at(r.waiting.done(), r.waiting.what() + ", " + r.width + " bits");
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
      throw new BenchException("vectors of " + r.width + " bits: nothing was measured");
    }
    if (r.waiting.bits() != r.width) {
      console.note("ashlar: there are no vectors of " + r.width + " bits here");
      r.process.close();
      return false;
    }
    return true;
  }

  private Measurements joined(List<Runner> runners) {
    Map<Integer, Measurements> byWidth = new LinkedHashMap<>();
    runners.forEach(r -> byWidth.put(r.width, r.process.measurements()));
    Map<String, Object> machine = Machine.facts(quick);
    machine.put(Machine.WIDTHS, byWidth.keySet().stream().map(Integer::longValue).toList());
    return join(machine, byWidth);
  }

  /** Lines of the same work beside each other, by backends named after their widths. */
  static Measurements join(Map<String, Object> machine, Map<Integer, Measurements> byWidth) {
    Map<Object, List<Line>> ceilings = new LinkedHashMap<>();
    Map<Object, List<Line>> results = new LinkedHashMap<>();
    byWidth.forEach(
        (width, m) -> {
          m.ceilings().forEach(l -> add(ceilings, l, width));
          m.results().forEach(l -> add(results, l, width));
        });
    return new Measurements(machine, flat(ceilings), flat(results));
  }

  private static void add(Map<Object, List<Line>> lines, Line l, int width) {
    Object work = List.of(l.group(), l.name(), l.threads());
    boolean reference = l.backend().equals("reference");
    lines
        .computeIfAbsent(work, w -> new ArrayList<>())
        .add(reference ? l : l.by(l.backend() + "-" + width));
  }

  private static List<Line> flat(Map<Object, List<Line>> lines) {
    return lines.values().stream().flatMap(List::stream).toList();
  }
}
