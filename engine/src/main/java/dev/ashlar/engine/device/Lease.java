package dev.ashlar.engine.device;

import dev.ashlar.nn.runner.Runner;

/**
 * A runner for as long as a text or a measurement takes.
 *
 * @param runner whose caches end with it
 * @param end gives back what it holds; may be run more than once
 */
public record Lease(Runner runner, Runnable end) implements AutoCloseable {
  @Override
  public void close() {
    end.run();
  }
}
