package dev.ashlar.text.jinja;

import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.Budget;
import dev.ashlar.text.jinja.value.Callable;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Tuple;
import dev.ashlar.text.jinja.value.Undefined;
import dev.ashlar.text.jinja.value.Values;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.function.UnaryOperator;

/** The variable {@code loop}; looks ahead in the elements only if it is asked about them. */
final class Loop implements Callable {
  /** Stands for None, which a deque cannot hold. */
  private static final Object NONE = new Object();

  private final Iterator<Object> elements;
  private final int depth;
  private final UnaryOperator<Object> again;
  private final Deque<Object> ahead = new ArrayDeque<>();
  private Object previous = new Undefined("there is no previous item");
  private Object current = MISSING;
  private Object changed = MISSING;
  private long index = -1;

  /**
   * A loop that has not begun.
   *
   * @param again renders the loop over other elements; null if it is not recursive
   */
  Loop(Iterator<Object> elements, int depth, UnaryOperator<Object> again) {
    this.elements = elements;
    this.depth = depth;
    this.again = again;
  }

  /** Whether there is a next element. */
  boolean hasNext() {
    return !ahead.isEmpty() || elements.hasNext();
  }

  /** Goes to the next element and gives it. */
  Object next() {
    if (current != MISSING) {
      previous = current;
    }
    Object next = ahead.isEmpty() ? elements.next() : ahead.poll();
    current = next == NONE ? null : next;
    index++;
    return current;
  }

  private void look(Budget budget) {
    if (elements.hasNext()) {
      Object next = elements.next();
      ahead.add(next == null ? NONE : next);
      if (ahead.size() > Budget.MOST_ELEMENTS) {
        budget.elements(ahead.size());
      }
    }
  }

  private long length(Budget budget) {
    while (elements.hasNext()) {
      look(budget);
    }
    return index + 1 + ahead.size();
  }

  private Object following(Budget budget) {
    if (ahead.isEmpty()) {
      look(budget);
    }
    if (ahead.isEmpty()) {
      return new Undefined("there is no next item");
    }
    return ahead.peek() == NONE ? null : ahead.peek();
  }

  @Override
  public Object attribute(Rendering r, String name) {
    return switch (name) {
      case "index" -> index + 1;
      case "index0" -> index;
      case "first" -> index == 0;
      case "last" -> !hasNext();
      case "length" -> length(r.budget());
      case "revindex" -> length(r.budget()) - index;
      case "revindex0" -> length(r.budget()) - index - 1;
      case "previtem" -> previous;
      case "nextitem" -> following(r.budget());
      case "depth" -> depth + 1L;
      case "depth0" -> (long) depth;
      case "cycle" -> new Callable.Function("cycle", (s, a) -> cycle(a));
      case "changed" -> new Callable.Function("changed", this::changed);
      default -> MISSING;
    };
  }

  private Object cycle(Arguments arguments) {
    if (arguments.positional().isEmpty()) {
      throw new TemplateException("no items for cycling given");
    }
    return arguments.positional().get((int) (index % arguments.positional().size()));
  }

  private Object changed(Rendering r, Arguments arguments) {
    Object now = Tuple.of(arguments.positional());
    boolean different = changed == MISSING || !Values.equal(changed, now, r);
    changed = now;
    return different;
  }

  @Override
  public Object call(Rendering r, Arguments arguments) {
    if (again == null) {
      throw new TemplateException("the loop is not marked as recursive, so it cannot be called");
    }
    return again.apply(arguments.bind("loop()", "iterable").get(0));
  }

  @Override
  public String typeName() {
    return "LoopContext";
  }

  @Override
  public String repr(Rendering r) {
    return "<LoopContext " + (index + 1) + "/" + length(r.budget()) + ">";
  }
}
