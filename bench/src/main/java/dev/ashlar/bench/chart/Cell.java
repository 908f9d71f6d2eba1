package dev.ashlar.bench.chart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;

/**
 * A row of the table of methods: medians over its seeds.
 *
 * @param series what it is a point of: the name up to its first comma
 * @param bits of a weight
 * @param perplexity on the text that it was calibrated on
 * @param divergence KL from the float model, nats a token
 * @param processor seconds; not a number if all seeds were measured elsewhere
 */
record Cell(String series, int bits, double perplexity, double divergence, double processor) {
  private static final int NAME = 0;
  private static final int BITS = 1;
  private static final int PERPLEXITY = 3;
  private static final int DIVERGENCE = 5;
  private static final int PROCESSOR = 7;
  private static final int FEWEST = 9;

  /** Stands for seconds that compare with no others. */
  private static final String ELSEWHERE = "-";

  /**
   * Those of files that {@code bench/proof/methods} or {@code peers} wrote.
   *
   * @throws IllegalArgumentException if a line is no measurement
   */
  static List<Cell> read(List<Path> files) throws IOException {
    Map<List<String>, List<double[]>> seeds = new LinkedHashMap<>();
    for (Path file : files) {
      for (String line : Files.readAllLines(file)) {
        String[] f = line.split("\t", -1);
        if (f.length < FEWEST) {
          throw new IllegalArgumentException(
              file + ": a measurement has " + FEWEST + " columns, found '" + line + "'");
        }
        seeds
            .computeIfAbsent(List.of(f[NAME], f[BITS]), k -> new ArrayList<>())
            .add(
                new double[] {
                  Double.parseDouble(f[PERPLEXITY]),
                  Double.parseDouble(f[DIVERGENCE]),
                  f[PROCESSOR].equals(ELSEWHERE) ? Double.NaN : Double.parseDouble(f[PROCESSOR])
                });
      }
    }
    List<Cell> cells = new ArrayList<>();
    seeds.forEach(
        (key, all) ->
            cells.add(
                new Cell(
                    key.getFirst().split(",", 2)[0],
                    Integer.parseInt(key.getLast()),
                    median(all.stream().mapToDouble(v -> v[0])),
                    median(all.stream().mapToDouble(v -> v[1])),
                    median(all.stream().mapToDouble(v -> v[2]).filter(s -> !Double.isNaN(s))))));
    return cells;
  }

  /** Whether it can be drawn. */
  boolean isFinite() {
    return Double.isFinite(perplexity) && Double.isFinite(divergence) && Double.isFinite(processor);
  }

  private static double median(DoubleStream values) {
    double[] v = values.sorted().toArray();
    if (v.length == 0) {
      return Double.NaN;
    }
    int middle = v.length / 2;
    return v.length % 2 == 1 ? v[middle] : (v[middle - 1] + v[middle]) / 2;
  }
}
