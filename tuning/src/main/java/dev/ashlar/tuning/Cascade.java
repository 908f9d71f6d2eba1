package dev.ashlar.tuning;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.FloatStream;
import dev.ashlar.tuning.method.Targets;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.walk.ActivationStore;
import dev.ashlar.tuning.walk.BlockWalk;

/**
 * The two streams of activations that move through the network, unit after unit: the float one
 * gives the targets, the quantized one the inputs. This is the only part of a run that has to go in
 * order.
 */
final class Cascade implements AutoCloseable {
  private static final String QUANTIZED = " (quantized)";

  private final BlockWalk walk;
  private final ActivationStore store;
  private final boolean quantizedInput;
  private final boolean keepsFloats;
  private Activations floats;
  private Activations quantized;
  private Activations targets;
  private Activations spare;

  /** Whether the method has sent the quantized stream through the present unit. */
  private boolean moved;

  /**
   * Embeds all samples.
   *
   * @param quantizedInput whether there is a quantized stream
   * @param keepsFloats whether the float stream goes on beside it without {@link #targets}
   */
  Cascade(
      BlockWalk walk,
      ActivationStore store,
      Decoder model,
      CalibrationSet data,
      boolean quantizedInput,
      boolean keepsFloats) {
    this.walk = walk;
    this.keepsFloats = keepsFloats;
    this.store = store;
    this.quantizedInput = quantizedInput;
    this.floats = walk.embed(model, data.count(), data.length(), data::ids, store);
  }

  /** Lets go of what only passes need; see {@link BlockWalk#rest}. */
  void rest() {
    walk.rest();
  }

  /** What flows into the present unit when it is tuned. */
  Activations inputs() {
    return quantized == null ? floats : quantized;
  }

  /** Sends {@link #inputs} through a unit that looks on; nothing comes out. */
  void observe(Unit watched) {
    walk.observe(watched, inputs());
  }

  /** The float unit's outputs for float inputs; call before {@link #advance}. */
  Activations targets(Unit unit) {
    // Float inputs that are also the inputs of the tuning are needed once more; others are not.
    targets = quantized != null && !keepsFloats ? floats : free();
    walk.pass(unit, floats, targets, unit.name());
    return targets;
  }

  private Activations free() {
    Activations free =
        spare != null ? spare : store.zeros(floats.count(), floats.length(), floats.dim());
    spare = null;
    return free;
  }

  /** The float stream at the present unit, for methods that look into it. */
  FloatStream floats() {
    return floats(false);
  }

  /** The same where nothing needs a unit's inputs once it has put something out. */
  FloatStream movingFloats() {
    return floats(true);
  }

  private FloatStream floats(boolean moves) {
    Activations present = floats;
    return new FloatStream() {
      @Override
      public Activations inputs() {
        return present;
      }

      @Override
      public void pass(Unit watched) {
        if (targets == null) {
          targets = moves ? present : free();
        }
        walk.pass(watched, present, targets, watched.name());
      }

      @Override
      public void advance(Unit changed) {
        moved = true;
        if (quantizedInput) {
          move(changed);
        }
      }

      @Override
      public Activations room(int dim) {
        return store.zeros(present.count(), present.length(), dim);
      }
    };
  }

  /**
   * Moves on to the next unit. Without {@link #targets} there is one stream only: the quantized one
   * if there is a cascade, else the float one.
   */
  void advance(Unit unit, UnitResult result) {
    if (targets == null && !keepsFloats) {
      pass(quantizedInput, unit, result, floats);
      return;
    }
    if (targets == null) {
      targets(unit);
    }
    if (quantizedInput && !moved) {
      move(unit.with(result));
    }
    moved = false;
    spare = floats == quantized || floats == targets ? spare : floats;
    floats = targets;
    targets = null;
  }

  private void move(Unit changed) {
    Activations next = inputs();
    walk.pass(changed, next, next, changed.name() + QUANTIZED);
    quantized = next;
  }

  private void pass(boolean changed, Unit unit, UnitResult result, Activations states) {
    if (changed) {
      walk.pass(unit.with(result), states, states, unit.name() + QUANTIZED);
    } else {
      walk.pass(unit, states, states, unit.name());
    }
  }

  /**
   * What the float head puts out for the float stream, computed when it is asked for: logits of all
   * samples would not fit in memory.
   */
  Targets headTargets(Unit head, int vocab) {
    Activations hidden = floats;
    Tape own = Tape.off(head.backend());
    return new Targets() {
      @Override
      public int dim() {
        return vocab;
      }

      @Override
      public void gather(int[] rows, int from, int count, Tensor into) {
        Tensor x = own.workspace().take(count, hidden.length(), hidden.dim());
        hidden.gather(rows, from, count, x);
        Tensor y = head.forward(x, BlockContext.of(count, hidden.length()), own);
        System.arraycopy(y.data(), 0, into.data(), 0, y.size());
        own.reset();
      }
    };
  }

  @Override
  public void close() {
    floats.close();
    for (Activations other : new Activations[] {quantized, targets, spare}) {
      if (other != null) {
        other.close();
      }
    }
  }
}
