package dev.ashlar.cli;

import dev.ashlar.cli.command.Ashlar;
import dev.ashlar.cli.console.Console;

/** Where the program starts. */
public final class Main {
  /** Java keeps a proxy's password to itself unless it is told otherwise before it first asks. */
  private static final String KEPT_SCHEMES = "jdk.http.auth.tunneling.disabledSchemes";

  private Main() {}

  /** Runs one command and exits with its status: 0, 1 for a failure, 2 for wrong usage. */
  public static void main(String[] args) {
    if (System.getProperty(KEPT_SCHEMES) == null) {
      System.setProperty(KEPT_SCHEMES, "");
    }
    Console console = Console.ofProcess();
    console.eraseIncubatorWarning();
    int status = new Ashlar(console).run(args);
    console.out().flush();
    console.err().flush();
    System.exit(status);
  }
}
