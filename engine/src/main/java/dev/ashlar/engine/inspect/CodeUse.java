package dev.ashlar.engine.inspect;

import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * How often each code of a quantized matrix is used.
 *
 * @param name of the matrix
 * @param bits of a code
 * @param counts of the codes from 0, {@code [2^bits]}
 */
public record CodeUse(String name, int bits, List<Long> counts) {
  public CodeUse {
    counts = List.copyOf(counts);
  }

  /** The use of a unit's codes; empty if it holds floats. */
  public static Optional<CodeUse> of(Unit unit) {
    return unit.codes().map(q -> of(unit.name(), q));
  }

  static CodeUse of(String name, QuantizedMatrix q) {
    Codes codes = q.codes();
    long[] counts = new long[1 << codes.bits()];
    for (byte code : codes.values()) {
      counts[code & 0xFF]++;
    }
    return new CodeUse(name, codes.bits(), Arrays.stream(counts).boxed().toList());
  }

  /** Codes in all. */
  public long total() {
    return counts.stream().mapToLong(n -> n).sum();
  }

  /** The share of each code, from 0 to 1. */
  public List<Double> shares() {
    double total = total();
    return counts.stream().map(n -> n / total).toList();
  }

  /**
   * Bits for each code that an ideal code of these frequencies takes (Shannon's entropy): at most
   * {@link #bits}, less the more unevenly codes are used.
   */
  public double entropy() {
    double sum = 0;
    for (double share : shares()) {
      sum -= share == 0 ? 0 : share * Math.log(share) / Math.log(2);
    }
    return sum;
  }
}
