package dev.ashlar.text.jinja.value;

/**
 * What one rendering may still use: work, nesting and text. Templates come with model files, so
 * none of them may hold the program up or fill its memory.
 */
public final class Budget {
  /** Characters of one text, the output among them. */
  public static final int LONGEST_TEXT = 8 << 20;

  /** Elements of one list or mapping. */
  public static final int MOST_ELEMENTS = 1 << 20;

  /** Evaluated nodes, elements and pieces of text: about a second of work. */
  private static final long WORK = 8_000_000;

  /** Characters that are worth one unit of work. */
  private static final int CHARACTERS = 16;

  /**
   * Statements and expressions inside one another, through macros too: less than 512 kB of stack.
   */
  private static final int DEPTH = 600;

  private long work = WORK;
  private int depth;

  /** A whole budget. */
  public Budget() {}

  /** Pays for {@code units} steps. */
  public void work(long units) {
    work -= units;
    if (work < 0) {
      throw limit("it takes too many steps; it may loop without end");
    }
  }

  /** Pays for making or reading a text of {@code length} characters, if it may be that long. */
  public void text(long length) {
    if (length > LONGEST_TEXT) {
      throw limit("it makes a text of more than " + LONGEST_TEXT + " characters");
    }
    work(1 + length / CHARACTERS);
  }

  /** Pays for {@code by} more characters of a text that is {@code length} long with them. */
  public void grown(long length, long by) {
    text(length > LONGEST_TEXT ? length : by);
  }

  /** Pays for going through {@code length} characters, however many they are. */
  public void scan(long length) {
    work(1 + Math.max(0, length) / CHARACTERS);
  }

  /** Pays for a list or mapping of {@code count} elements, if it may be that large. */
  public void elements(long count) {
    if (count > MOST_ELEMENTS) {
      throw limit("it makes a list of more than " + MOST_ELEMENTS + " elements");
    }
    work(1 + count);
  }

  /** Goes one level deeper. */
  public void enter() {
    work(1);
    if (++depth > DEPTH) {
      throw limit("it is nested too deeply; a macro may call itself without end");
    }
  }

  /** Comes back one level. */
  public void leave() {
    depth--;
  }

  /** The refusal to go on. */
  public static TemplateException limit(String problem) {
    return new TemplateException(TemplateException.Kind.LIMIT, problem, 0);
  }
}
