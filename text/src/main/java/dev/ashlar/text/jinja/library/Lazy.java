package dev.ashlar.text.jinja.library;

import java.util.Iterator;
import java.util.NoSuchElementException;

/** An iterator that looks one element ahead, and no further. */
abstract class Lazy implements Iterator<Object> {
  /** The element that {@link #advance} found. */
  protected Object next;

  private boolean ready;
  private boolean done;

  /** Puts the next element into {@link #next}; false if there is none. */
  abstract boolean advance();

  @Override
  public boolean hasNext() {
    if (!ready && !done) {
      ready = advance();
      done = !ready;
    }
    return ready;
  }

  @Override
  public Object next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    ready = false;
    return next;
  }
}
