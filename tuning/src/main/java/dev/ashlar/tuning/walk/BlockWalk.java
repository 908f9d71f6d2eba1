package dev.ashlar.tuning.walk;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.Finite;
import dev.ashlar.tuning.method.ObservedWeight;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitTask;
import java.util.Map;
import java.util.function.Consumer;

/**
 * How hidden states walk through a decoder: all samples through one unit, then all through the
 * next, so that one unit's weights are in memory at a time. Tuning, evaluation and the check of
 * written models walk this way.
 *
 * <p>Rows do not see each other but through attention within a sample, so that results do not
 * depend on how many samples go at once.
 */
public final class BlockWalk {
  /** What a walk asks before each batch: throws to end it. */
  @FunctionalInterface
  public interface Check {
    /** Never ends. */
    Check NONE = () -> {};

    /**
     * @throws java.util.concurrent.CancellationException if the walk shall end
     */
    void proceed();
  }

  /** Token ids by sample. */
  @FunctionalInterface
  public interface Rows {
    /** Ids {@code [count·length]} of samples {@code [first, first + count)}. */
    int[] ids(int first, int count);
  }

  private final int batch;
  private final Check check;

  /** On the backend of what walked last; null before. */
  private Tape tape;

  /**
   * @param batch samples that go through a unit at once
   */
  public BlockWalk(int batch, Check check) {
    this.batch = batch;
    this.check = check;
  }

  /** Lets go of the buffers of past passes, for whoever needs the memory before the next. */
  public void rest() {
    tape = null;
  }

  private void on(Backend backend) {
    if (tape == null || tape.backend() != backend) {
      tape = Tape.off(backend);
    }
  }

  /**
   * The first hidden states.
   *
   * @throws dev.ashlar.tuning.method.TuningException if they are not finite
   */
  public Activations embed(Decoder model, int count, int length, Rows rows, ActivationStore store) {
    Activations states = store.zeros(count, length, model.spec().dim());
    on(model.backend());
    for (int at = 0; at < count; at += batch) {
      check.proceed();
      int n = Math.min(batch, count - at);
      Tensor x = model.embed(rows.ids(at, n), BlockContext.of(n, length), tape);
      Finite.requireActivations("embedding", x, at, length, tape.backend());
      states.write(at, n, x);
      tape.reset();
    }
    return states;
  }

  /**
   * All samples through {@code unit}.
   *
   * @param out takes what comes out; may be {@code in}
   * @param where which activations, for messages
   * @throws dev.ashlar.tuning.method.TuningException if they are not finite
   */
  public void pass(Unit unit, Activations in, Activations out, String where) {
    pass(unit, in, out, where, true);
  }

  /** The same where what comes out is only measured, and may be infinite. */
  public void passAnything(Unit unit, Activations in, Activations out) {
    pass(unit, in, out, unit.name(), false);
  }

  private void pass(Unit unit, Activations in, Activations out, String where, boolean finite) {
    StreamPass event = new StreamPass();
    event.begin();
    on(unit.backend());
    for (int at = 0; at < in.count(); at += batch) {
      int n = Math.min(batch, in.count() - at);
      Tensor y = forward(unit, in, at, n);
      if (finite) {
        Finite.requireActivations(where, y, at, in.length(), tape.backend());
      }
      out.write(at, n, y);
      tape.reset();
    }
    event.name = where;
    event.commit();
  }

  /**
   * All samples of a task through {@code unit}, in its micro-batches, for those who look on.
   *
   * @param unit the task's, or what has become of it
   * @param observers see the inputs of linear maps, by complete module name
   */
  public static void observe(
      UnitTask task, Unit unit, Map<String, ? extends Consumer<Tensor>> observers) {
    new BlockWalk(task.batchSize(), Check.NONE)
        .observe(ObservedWeight.within(unit, observers), task.inputs());
  }

  /** All samples through {@code unit}, whose weights look at what they get; see {@code Unit}. */
  public void observe(Unit unit, Activations in) {
    on(unit.backend());
    for (int at = 0; at < in.count(); at += batch) {
      forward(unit, in, at, Math.min(batch, in.count() - at));
      tape.reset();
    }
  }

  private Tensor forward(Unit unit, Activations in, int at, int n) {
    check.proceed();
    Tensor x = tape.workspace().take(n, in.length(), in.dim());
    in.read(at, n, x);
    return unit.forward(x, BlockContext.of(n, in.length()), tape);
  }
}
