package dev.ashlar.cli;

import dev.ashlar.cli.command.Ashlar;
import dev.ashlar.cli.console.Console;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Stands in for the program's main class (by {@code --patch-module}) and runs many command lines in
 * one process: each line of standard input is a file for standard output, one for standard error
 * and the arguments, with the control character US between them (and RS for a line break); each is
 * answered by a line with the exit status. An empty line ends it.
 */
public final class Main {
  private static final String BETWEEN = "\u001f";

  private Main() {}

  /** Runs commands until the input ends, or an empty line of it. */
  public static void main(String[] none) throws IOException {
    PrintStream answers = System.out;
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
      String[] words = line.replace('\u001e', '\n').split(BETWEEN, -1);
      try (PrintStream out = open(words[0]);
          PrintStream err = open(words[1])) {
        Console console = new Console(out, err, false);
        int status = new Ashlar(console).run(Arrays.copyOfRange(words, 2, words.length));
        out.flush();
        answers.println(status);
        answers.flush();
      }
    }
  }

  private static PrintStream open(String file) throws IOException {
    OutputStream stream = Files.newOutputStream(Path.of(file));
    return new PrintStream(stream, false, StandardCharsets.UTF_8);
  }
}
