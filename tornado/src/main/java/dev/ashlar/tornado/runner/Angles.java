package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.RotarySpec;
import dev.ashlar.nn.decoder.RotarySpec.Scaling;
import dev.ashlar.tensor.autograd.op.Rotate;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Cosines and sines, which blocks with equal specifications share: of all positions, or, where they
 * depend on how long a sequence is, of the rows of a batch, brought anew for each.
 */
final class Angles {
  private final RotarySpec spec;
  private final int positions;
  private final boolean varies;
  private final FloatArray cos;
  private final FloatArray sin;
  private Rotate.Tables tables;
  private int horizon;

  /**
   * Angles of a specification.
   *
   * @param positions that they are needed for
   * @param rows of a batch
   */
  Angles(RotarySpec spec, int positions, int rows) {
    this.spec = spec;
    this.positions = positions;
    this.varies = original() > 0;
    if (varies) {
      cos = Tensors.constant(rows * (spec.dim() / 2), 0);
      sin = Tensors.constant(rows * (spec.dim() / 2), 0);
    } else {
      tables = spec.tables(positions);
      cos = FloatArray.fromArray(tables.cos());
      sin = FloatArray.fromArray(tables.sin());
    }
  }

  /** The length up to which a sequence's angles are one and the same; 0 if they always are. */
  private int original() {
    return switch (spec.scaling()) {
      case Scaling.DynamicNtk d -> d.original();
      case Scaling.LongRope l -> l.original();
      case Scaling.None n -> 0;
      case Scaling.Linear l -> 0;
      case Scaling.Llama3 l -> 0;
      case Scaling.Yarn y -> 0;
    };
  }

  /** Whether they depend on the length of a sequence. */
  boolean varies() {
    return varies;
  }

  FloatArray cos() {
    return cos;
  }

  FloatArray sin() {
    return sin;
  }

  List<Object> arrays() {
    return List.of(cos, sin);
  }

  int dim() {
    return spec.dim();
  }

  int interleaved() {
    return spec.interleaved() ? 1 : 0;
  }

  /**
   * Brings the angles of a row, if they vary.
   *
   * @param length that the row's sequence has or will have
   */
  void set(int row, int position, int length) {
    if (!varies) {
      return;
    }
    int named = named(length);
    if (tables == null || horizon != named) {
      tables = spec.tables(named);
      horizon = named;
    }
    int half = spec.dim() / 2;
    for (int i = 0; i < half; i++) {
      cos.set(row * half + i, tables.cos()[position * half + i]);
      sin.set(row * half + i, tables.sin()[position * half + i]);
    }
  }

  /** A length with the same angles, the same one for as many as there are. */
  private int named(int length) {
    int original = original();
    if (length <= original) {
      return Math.max(length, Math.min(original, positions));
    }
    return spec.scaling() instanceof Scaling.LongRope ? Math.max(length, positions) : length;
  }
}
