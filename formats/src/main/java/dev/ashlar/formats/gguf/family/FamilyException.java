package dev.ashlar.formats.gguf.family;

/**
 * A model that does not fit its family's table: a configuration that the container cannot say, a
 * tensor of the wrong size. Callers make it a fault of the file that they read.
 */
public final class FamilyException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String place;
  private final String expected;
  private final String found;

  FamilyException(String place, String expected, String found) {
    super(place + ": expected " + expected + ", found " + found);
    this.place = place;
    this.expected = expected;
    this.found = found;
  }

  /** The key or tensor. */
  public String place() {
    return place;
  }

  /** What was needed. */
  public String expected() {
    return expected;
  }

  /** What is there. */
  public String found() {
    return found;
  }
}
