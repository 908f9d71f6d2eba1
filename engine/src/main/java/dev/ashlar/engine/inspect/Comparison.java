package dev.ashlar.engine.inspect;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.tensor.Parallel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;

/**
 * One checkpoint held against another of the same model, tensor by tensor, whatever their
 * containers: both are widened to floats, and no more than a tensor of each is held at a time.
 *
 * @param tensors that both have, in the order of the first
 * @param total as if all of these were one; {@code name} and the storages are empty
 * @param missing names that only the other has
 * @param added names that only the first has
 * @param otherShapes names of tensors that have not the same shape in both, with both shapes
 */
public record Comparison(
    List<TensorDifference> tensors,
    TensorDifference total,
    List<String> missing,
    List<String> added,
    Map<String, String> otherShapes) {

  /** Elements that a thread takes at once. */
  private static final int PIECE = 1 << 16;

  /** What a map of gates and ups is called. */
  private static final String BOTH = "gate_up_proj";

  public Comparison {
    tensors = List.copyOf(tensors);
    missing = List.copyOf(missing);
    added = List.copyOf(added);
    otherShapes = Collections.unmodifiableMap(new LinkedHashMap<>(otherShapes));
  }

  /** Whether both have the same tensors in the same shapes. */
  public boolean complete() {
    return missing.isEmpty() && added.isEmpty() && otherShapes.isEmpty();
  }

  /** Whether all elements of the tensors that both have are numbers, in both. */
  public boolean finite() {
    return total.notFinite() == 0;
  }

  /**
   * Holds {@code one} against {@code other}. Figures do not depend on the number of threads.
   *
   * @param listener hears how far it is, and may end it
   * @throws CancellationException if the listener says so
   */
  public static Comparison of(Checkpoint one, Checkpoint other, JobListener listener) {
    Map<String, Unit> ours = Units.of(one);
    Map<String, Unit> theirs = Units.of(other);
    Map<String, Unit> mine = inHalves(ours, theirs);
    Map<String, Unit> others = inHalves(theirs, ours);
    List<String> missing = new ArrayList<>(others.keySet());
    missing.removeAll(mine.keySet());
    List<String> added = new ArrayList<>(mine.keySet());
    added.removeAll(others.keySet());
    // A head that is the embedding once more tells nothing, be it there or not.
    if (!missing.isEmpty()) {
      missing.removeAll(Units.repeated(other));
    }
    if (!added.isEmpty()) {
      added.removeAll(Units.repeated(one));
    }
    Map<String, String> otherShapes = new LinkedHashMap<>();
    List<Unit> both = new ArrayList<>();
    for (Unit unit : mine.values()) {
      Unit against = others.get(unit.name());
      if (against != null && unit.shape().equals(against.shape())) {
        both.add(unit);
      } else if (against != null) {
        otherShapes.put(unit.name(), unit.shape() + " and " + against.shape());
      }
    }
    List<TensorDifference> tensors = new ArrayList<>();
    Sums total = new Sums();
    long all = both.stream().mapToLong(u -> u.shape().size()).sum();
    try (Stage stage = listener.begin("comparing", Math.max(1, all))) {
      for (Unit unit : both) {
        if (listener.cancelled()) {
          throw new CancellationException();
        }
        Unit against = others.get(unit.name());
        Sums sums = sums(unit, against);
        total.add(sums);
        tensors.add(sums.difference(unit, against.storage()));
        stage.at(total.elements, unit.name());
      }
    }
    return new Comparison(tensors, total.difference(), missing, added, otherShapes);
  }

  /** Gates and ups that lie in one map here and in two there, as two. */
  private static Map<String, Unit> inHalves(Map<String, Unit> units, Map<String, Unit> there) {
    Map<String, Unit> all = new LinkedHashMap<>();
    units.forEach(
        (name, unit) -> {
          String gate = name.replace("." + BOTH + ".", ".gate_proj.");
          String up = name.replace("." + BOTH + ".", ".up_proj.");
          boolean even = unit.shape().rank() > 0 && unit.shape().dim(0) % 2 == 0;
          if (even && !gate.equals(name) && there.containsKey(gate) && there.containsKey(up)) {
            all.put(gate, unit.half(false, gate));
            all.put(up, unit.half(true, up));
          } else {
            all.put(name, unit);
          }
        });
    return all;
  }

  private static Sums sums(Unit unit, Unit against) {
    int columns = unit.columns();
    int count = unit.count();
    int rows = Math.max(1, PIECE / Math.max(1, columns));
    Sums[] pieces = new Sums[Math.ceilDiv(count, rows)];
    Unit.Rows mine = unit.open();
    Unit.Rows others = against.open();
    Parallel.rows(
        pieces.length,
        1,
        (from, to) -> {
          float[] a = new float[columns];
          float[] b = new float[columns];
          for (int piece = from; piece < to; piece++) {
            Sums sums = new Sums();
            for (int row = piece * rows; row < Math.min(count, (piece + 1) * rows); row++) {
              mine.read(row, a);
              others.read(row, b);
              sums.add(a, b);
            }
            pieces[piece] = sums;
          }
        });
    Sums whole = new Sums();
    for (Sums piece : pieces) {
      whole.add(piece);
    }
    return whole;
  }

  /** What differences are made of. */
  private static final class Sums {
    private long elements;
    private long notFinite;
    private double errors;
    private double mine;
    private double others;
    private double products;
    private double largest;

    void add(float[] a, float[] b) {
      elements += a.length;
      for (int i = 0; i < a.length; i++) {
        double x = a[i];
        double y = b[i];
        if (!Double.isFinite(x) || !Double.isFinite(y)) {
          notFinite++;
          continue;
        }
        double error = x - y;
        errors += error * error;
        mine += x * x;
        others += y * y;
        products += x * y;
        largest = Math.max(largest, Math.abs(error));
      }
    }

    void add(Sums more) {
      elements += more.elements;
      notFinite += more.notFinite;
      errors += more.errors;
      mine += more.mine;
      others += more.others;
      products += more.products;
      largest = Math.max(largest, more.largest);
    }

    /** Whether there was nothing to compare in all that there is. */
    private boolean isUnknown() {
      return notFinite > 0 && notFinite == elements;
    }

    private double relativeError() {
      if (isUnknown()) {
        return Double.NaN;
      }
      return errors == 0 ? 0 : Math.sqrt(errors / others);
    }

    private double cosine() {
      if (isUnknown()) {
        return Double.NaN;
      }
      if (mine == 0 || others == 0) {
        return mine == others ? 1 : 0;
      }
      return products / (Math.sqrt(mine) * Math.sqrt(others));
    }

    TensorDifference difference(Unit unit, String against) {
      return new TensorDifference(
          unit.name(),
          unit.part(),
          unit.shape().toString(),
          unit.storage(),
          against,
          elements,
          relativeError(),
          largest,
          cosine(),
          notFinite);
    }

    TensorDifference difference() {
      return new TensorDifference(
          "", Part.OTHER, "", "", "", elements, relativeError(), largest, cosine(), notFinite);
    }
  }
}
