package dev.ashlar.cli.bench.widths;

import dev.ashlar.cli.bench.report.BenchException;
import dev.ashlar.cli.bench.report.Measurements;
import dev.ashlar.cli.bench.report.Reports;
import dev.ashlar.io.json.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A process that measures with vectors of one width when it is its turn. */
final class WidthProcess implements AutoCloseable {
  private final String name;
  private final Path errors;
  private final Process process;
  private final BufferedReader out;
  private final Writer in;
  private final StringBuilder result = new StringBuilder();

  /**
   * Starts it; it begins by waiting for its first turn.
   *
   * @param name what it measures, for messages
   * @param command words of its command line
   */
  WidthProcess(String name, List<String> command) {
    this.name = name;
    try {
      this.errors = Files.createTempFile("ashlar-bench-", ".log");
      this.process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    } catch (IOException e) {
      throw fault("java cannot be started (" + e.getMessage() + ")");
    }
    this.out = process.inputReader(StandardCharsets.UTF_8);
    this.in = process.outputWriter(StandardCharsets.UTF_8);
  }

  /**
   * Waits until it waits for its turn.
   *
   * @return empty if it is done instead
   * @throws BenchException if it failed
   */
  Optional<TurnLine> waiting() {
    try {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        Optional<TurnLine> turn = TurnLine.of(line);
        if (turn.isPresent()) {
          return turn;
        }
        result.append(line).append('\n');
      }
      int status = process.waitFor();
      if (status != 0) {
        throw fault(reason(status));
      }
      return Optional.empty();
    } catch (IOException e) {
      throw fault(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw fault("interrupted");
    }
  }

  /** Gives it a turn. */
  void go() {
    try {
      in.write('\n');
      in.flush();
    } catch (IOException e) {
      // It has ended, and says why when it is waited for.
    }
  }

  /** What it measured, once it is done. */
  Measurements measurements() {
    byte[] json = result.toString().getBytes(StandardCharsets.UTF_8);
    return Reports.of(Json.parse(json, name), name);
  }

  /** The last thing it said of itself, or of java. */
  private String reason(int status) throws IOException {
    List<String> lines =
        new String(Files.readAllBytes(errors), StandardCharsets.UTF_8)
            .lines()
            .filter(l -> !l.isBlank())
            .toList();
    String own =
        lines.stream().filter(l -> l.startsWith("ashlar: ")).reduce((a, b) -> b).orElse("");
    if (!own.isEmpty()) {
      return own.substring("ashlar: ".length());
    }
    String last = lines.isEmpty() ? "" : ", its last words: " + lines.getLast();
    return "java ended with status " + status + last;
  }

  private BenchException fault(String reason) {
    return new BenchException(name + ": " + reason);
  }

  /** Ends it, whatever it does. */
  @Override
  public void close() {
    process.destroyForcibly();
    try {
      Files.deleteIfExists(errors);
    } catch (IOException e) {
      // A file in the system's folder for such files.
    }
  }
}
