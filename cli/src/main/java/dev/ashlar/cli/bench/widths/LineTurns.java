package dev.ashlar.cli.bench.widths;

import dev.ashlar.cli.bench.Turns;
import dev.ashlar.cli.bench.report.BenchException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Turns by lines on the process's streams, as {@link TurnLine} has them. */
public final class LineTurns implements Turns {
  private final BufferedReader in;
  private final PrintStream out;
  private final int bits;

  /**
   * Turns that another process gives.
   *
   * @param bits of the vectors of this one
   */
  public LineTurns(InputStream in, PrintStream out, int bits) {
    this.in = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    this.out = out;
    this.bits = bits;
  }

  @Override
  public void next(int done, int total, String what) {
    out.println(new TurnLine(bits, done, total, what));
    out.flush();
    try {
      if (in.readLine() == null) {
        throw new BenchException("the process that gives the turns has ended");
      }
    } catch (IOException e) {
      throw new BenchException("no turn can be waited for (" + e.getMessage() + ")");
    }
  }
}
