package dev.ashlar.nn.op;

import dev.ashlar.tensor.autograd.Op;

/** An operation that yields the weights {@code [tokens, experts]} of a mixture's experts. */
public interface Routing extends Op {
  /** Whether token {@code t} uses expert {@code e}; known after the forward. */
  boolean uses(int t, int e);
}
