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
 * Figures of kinds of machines in a file: a line each, tabs between machine, figure, ratio, lowest
 * and highest.
 *
 * @param file they are in
 * @param machine whose figures are asked for and written
 * @param lines of all machines, by machine and figure
 */
record Records(Path file, String machine, Map<String, String> lines) {
  private static final int RATIO = 2;

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

  /** The recorded ratio of a figure on machines of this kind. */
  Optional<Double> of(String figure) {
    return Optional.ofNullable(lines.get(machine + "\t" + figure))
        .map(line -> Double.valueOf(line.split("\t")[RATIO]));
  }

  /** With these in the place of this machine's. */
  Records with(List<Guard.Measured> measured) {
    Map<String, String> all = new LinkedHashMap<>(lines);
    all.keySet().removeIf(key -> key.startsWith(machine + "\t"));
    for (Guard.Measured m : measured) {
      String key = machine + "\t" + m.name();
      all.put(
          key,
          key + String.format(Locale.ROOT, "\t%.4f\t%.4f\t%.4f", m.ratio(), m.low(), m.high()));
    }
    return new Records(file, machine, all);
  }

  void write() throws IOException {
    Files.write(file, new ArrayList<>(lines.values()));
  }
}
