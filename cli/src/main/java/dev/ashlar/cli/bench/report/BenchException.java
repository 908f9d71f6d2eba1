package dev.ashlar.cli.bench.report;

import dev.ashlar.io.AshlarException;

/** A measurement that says nothing: a wrong answer, or a process that could not measure. */
public final class BenchException extends AshlarException {
  private static final long serialVersionUID = 1;

  /** The fault in one sentence. */
  public BenchException(String sentence) {
    super(sentence, null);
  }
}
