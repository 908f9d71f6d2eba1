package dev.ashlar.tuning;

import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.UnitPlan.Entry;
import dev.ashlar.tuning.method.Budget.Cost;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * What all units of a run take, of which three at most are measured: one with as many weights to
 * quantize as any, one with as few, and one with none, through which data only flow. What lies
 * between them in weights is taken to lie between them in time.
 *
 * <p>The head is as wide as the vocabulary, and measuring it would take longer than some runs: it
 * is taken to cost as much for each weight as the largest unit does.
 */
final class UnitCosts {
  private final List<Entry> units;
  private final NavigableMap<Long, Cost> measured = new TreeMap<>();

  /**
   * Measures, the largest first.
   *
   * @param units of a run; at least one of them has blocks
   * @param whole gives a unit of blocks in which everything is quantized by the scheme given: what
   *     the head is compared with if no block has anything to quantize
   */
  UnitCosts(
      List<Entry> units,
      Function<Entry, Cost> measure,
      BiFunction<Entry, QuantScheme, Entry> whole) {
    this.units = units;
    List<Entry> blocks = units.stream().filter(u -> !u.head()).toList();
    Comparator<Entry> byWeights = Comparator.comparingLong(Entry::quantized);
    // A program is slow at first: what takes longest warms it best.
    Entry largest = blocks.stream().max(byWeights).orElseThrow();
    Entry last = units.getLast();
    if (last.quantized() > 0 && largest.quantized() == 0) {
      largest = whole.apply(largest, last.schemes().values().iterator().next());
    }
    measure(Optional.of(largest), measure);
    measure(blocks.stream().filter(u -> u.quantized() > 0).min(byWeights), measure);
    measure(blocks.stream().filter(u -> u.quantized() == 0).findFirst(), measure);
  }

  private void measure(Optional<Entry> unit, Function<Entry, Cost> measure) {
    unit.filter(u -> !measured.containsKey(u.quantized()))
        .ifPresent(u -> measured.put(u.quantized(), measure.apply(u)));
  }

  /** What all of them take. */
  Cost sum() {
    return units.stream().map(this::of).reduce(new Cost(0, 0), Cost::plus);
  }

  private Cost of(Entry unit) {
    long weights = unit.quantized();
    if (unit.head() && weights > 0) {
      long most = measured.lastKey();
      return measured.get(most).times((double) weights / most);
    }
    if (measured.containsKey(weights)) {
      return measured.get(weights);
    }
    long below = measured.floorKey(weights);
    long above = measured.ceilingKey(weights);
    double share = (double) (weights - below) / (above - below);
    return measured.get(below).times(1 - share).plus(measured.get(above).times(share));
  }
}
