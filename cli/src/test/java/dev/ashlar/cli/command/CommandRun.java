package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ashlar.cli.console.Console;
import dev.ashlar.io.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What one command line did.
 *
 * @param status exit status
 */
record CommandRun(int status, String out, String err) {
  /** Commands of which something beside their result is looked at. */
  @FunctionalInterface
  interface Body {
    void run() throws IOException;
  }

  static CommandRun of(Object... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console =
        new Console(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false);
    String[] words = Stream.of(args).map(Object::toString).toArray(String[]::new);
    int status = new Ashlar(console).run(words);
    return new CommandRun(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** The words that round a model to nearest, in groups that tiny ones have room for. */
  static Object[] rtn(Path model, Path out, Object... more) {
    Stream<Object> words = Stream.of("quantize", "--model", model, "--output-dir", out);
    Stream<Object> how = Stream.of("--method", "rtn", "--group-size", 32);
    return Stream.of(words, how, Stream.of(more)).flatMap(s -> s).toArray();
  }

  /** One that ends well. */
  static CommandRun succeed(Object... args) {
    CommandRun run = of(args);
    assertEquals(0, run.status(), run.err());
    return run;
  }

  /** The one sentence of a run that was refused: status 1, nothing on standard output. */
  static String refused(Object... args) {
    CommandRun run = of(args);
    assertEquals(1, run.status(), run.out() + run.err());
    assertEquals("", run.out());
    assertEquals(1, run.err().lines().count(), run.err());
    assertFalse(run.err().contains("bug in Ashlar"), run.err());
    return run.err();
  }

  /** The warnings on the standard error of the process, where the library logs. */
  static List<String> warnings(Body body) throws IOException {
    PrintStream before = System.err;
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    try {
      body.run();
    } finally {
      System.setErr(before);
    }
    return err.toString(StandardCharsets.UTF_8).lines().filter(l -> l.contains("warning")).toList();
  }

  Map<String, Object> json() {
    return Json.parseObject(out.getBytes(StandardCharsets.UTF_8), "standard output");
  }
}
