package dev.ashlar.tuning.feedback;

import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.layer.WrappedWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.FloatStream;
import java.util.HashMap;
import java.util.Map;

/**
 * What quantized maps of a unit put out, sample by sample: later passes of the same samples read it
 * and do not multiply again. The same bits, since what flows into a map does not change once it is
 * quantized.
 *
 * <p>Experts see some tokens only, other ones in batches of another size, and multiply each time.
 */
final class KnownOutputs implements AutoCloseable {
  private final FloatStream stream;
  private final Map<String, Entry> entries = new HashMap<>();

  /** Outputs of the first samples. */
  private static final class Entry {
    private final Activations outputs;
    private int samples;

    Entry(Activations outputs) {
      this.outputs = outputs;
    }
  }

  /** For one unit. */
  KnownOutputs(FloatStream stream) {
    this.stream = stream;
  }

  /** Whether anything is kept: what is, has to come back as it was. */
  boolean isKept() {
    return stream.inputs().exact();
  }

  /**
   * A weight that multiplies each sample once, if anything is kept.
   *
   * @param place which samples are on their way
   */
  Weight of(String name, Weight weight, PlacedUnit.Place place) {
    return isKept() && LinearSpec.experts(name).isEmpty() ? new Known(name, weight, place) : weight;
  }

  private final class Known implements WrappedWeight {
    private final String name;
    private final Weight inner;
    private final PlacedUnit.Place place;

    Known(String name, Weight inner, PlacedUnit.Place place) {
      this.name = name;
      this.inner = inner;
      this.place = place;
    }

    @Override
    public Weight inner() {
      return inner;
    }

    @Override
    public Tensor multiply(Tensor x, Tape tape) {
      if (!place.whole(x)) {
        return inner.multiply(x, tape);
      }
      Entry known = entries.computeIfAbsent(name, n -> new Entry(stream.room(inner.out())));
      int end = place.first() + place.count();
      if (known.samples >= end) {
        Tensor y = tape.workspace().take(x.shape().withLast(inner.out()));
        known.outputs.read(place.first(), place.count(), y);
        return y;
      }
      Tensor y = inner.multiply(x, tape);
      known.outputs.write(place.first(), place.count(), y);
      known.samples = end;
      return y;
    }
  }

  @Override
  public void close() {
    entries.values().forEach(e -> e.outputs.close());
  }
}
