package dev.ashlar.engine;

import dev.ashlar.engine.chat.Continuation;
import dev.ashlar.engine.device.Lease;
import dev.ashlar.engine.job.Faults;
import dev.ashlar.nn.generate.Generator;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;

/**
 * Goes on behind prompts with a generator, which remembers what it has read.
 *
 * @param lease what the generator runs on
 * @param options how it is run
 * @param stops tokens that end a text
 */
record ModelContinuation(Generator generator, Lease lease, ModelOptions options, Set<Integer> stops)
    implements Continuation {
  @Override
  public Generator.Result generate(
      int[] prompt, int limit, IntPredicate listener, BooleanSupplier cancelled) {
    return Faults.translated(
        () -> options.run(() -> generator.generate(prompt, limit, stops, listener, cancelled)));
  }

  @Override
  public void close() {
    lease.close();
  }
}
