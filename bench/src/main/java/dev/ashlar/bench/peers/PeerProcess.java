package dev.ashlar.bench.peers;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/** A peer that waits for work; the conversation is described in {@code peer.py}. */
final class PeerProcess implements AutoCloseable {
  private final String name;
  private final Process process;
  private final Path log;
  private final BufferedWriter requests;
  private final BufferedReader answers;

  PeerProcess(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.requests = process.outputWriter(StandardCharsets.UTF_8);
    this.answers = process.inputReader(StandardCharsets.UTF_8);
  }

  /** Sets up a piece of work and does it once; samples of its result. */
  double[] prepare(String request) {
    String values = exchange("prepare " + request, "ready ");
    return Arrays.stream(values.split(" ")).mapToDouble(Double::parseDouble).toArray();
  }

  /** Seconds of one call, repeated for at least {@code seconds}. */
  double run(double seconds) {
    return Double.parseDouble(exchange("run " + seconds, "time "));
  }

  /** Anything else. */
  String ask(String question) {
    return exchange("ask " + question, "answer ");
  }

  private String exchange(String request, String expected) {
    try {
      requests.write(request);
      requests.newLine();
      requests.flush();
      String answer = answers.readLine();
      if (answer == null || !answer.startsWith(expected)) {
        String said = answer == null ? "it ended, see " + log : answer;
        throw new IllegalStateException(name + " on '" + abridged(request) + "': " + said);
      }
      return answer.substring(expected.length());
    } catch (IOException e) {
      throw new UncheckedIOException(name + " ended, see " + log, e);
    }
  }

  private static String abridged(String request) {
    return request.length() < 80 ? request : request.substring(0, 77) + "…";
  }

  /** Ends the peer. */
  @Override
  public void close() {
    process.destroy();
  }
}
