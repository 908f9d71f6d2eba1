package dev.ashlar.cli;

import dev.ashlar.cli.command.Ashlar;
import dev.ashlar.cli.console.Console;

/** Where the program starts. */
public final class Main {
  private Main() {}

  /** Runs one command and exits with its status: 0, 1 for a failure, 2 for wrong usage. */
  public static void main(String[] args) {
    Console console = Console.ofProcess();
    console.eraseIncubatorWarning();
    int status = new Ashlar(console).run(args);
    console.out().flush();
    console.err().flush();
    System.exit(status);
  }
}
