package dev.ashlar.bench.guard;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Figures of kinds of machines in a file: a line each, tabs between machine, figure, ratio at best
 * and in the middle.
 *
 * @param file they are in
 * @param machine whose figures are asked for and written
 * @param lines of all machines, by machine and figure
 */
record Records(Path file, String machine, Map<String, String> lines) {
  private static final int BEST = 2;
  private static final int MEDIAN = 3;

  Records {
    lines = Collections.unmodifiableMap(new LinkedHashMap<>(lines));
  }

  /** What is in a file, which need not be there. */
  static Records read(Path file, String machine) throws IOException {
    Map<String, String> lines = new LinkedHashMap<>();
    for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
      String[] parts = line.split("\t");
      lines.put(parts[0] + "\t" + parts[1], line);
    }
    return new Records(file, machine, lines);
  }

  /** What was recorded of a figure on machines of this kind. */
  Optional<Guard.Measured> of(String figure) {
    return Optional.ofNullable(lines.get(machine + "\t" + figure))
        .map(line -> line.split("\t"))
        .map(
            parts ->
                new Guard.Measured(
                    figure, Double.parseDouble(parts[BEST]), Double.parseDouble(parts[MEDIAN])));
  }

  /** With these in the place of this machine's. */
  Records with(List<Guard.Measured> measured) {
    Map<String, String> all = new LinkedHashMap<>(lines);
    all.keySet().removeIf(key -> key.startsWith(machine + "\t"));
    for (Guard.Measured m : measured) {
      String key = machine + "\t" + m.name();
      all.put(key, key + String.format(Locale.ROOT, "\t%.4f\t%.4f", m.best(), m.median()));
    }
    return new Records(file, machine, all);
  }

  void write() throws IOException {
    Files.write(file, new ArrayList<>(lines.values()));
  }
}
