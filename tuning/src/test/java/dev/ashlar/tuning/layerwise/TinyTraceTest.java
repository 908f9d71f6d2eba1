package dev.ashlar.tuning.layerwise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.layerwise.solver.ColumnOrder;
import dev.ashlar.tuning.layerwise.solver.Gptq;
import dev.ashlar.tuning.layerwise.solver.GptqOptions;
import dev.ashlar.tuning.layerwise.solver.GridFit;
import dev.ashlar.tuning.layerwise.solver.Grids;
import dev.ashlar.tuning.layerwise.solver.NormalMatrix;
import dev.ashlar.tuning.layerwise.solver.QuantEase;
import dev.ashlar.tuning.layerwise.solver.SecondMoments;
import dev.ashlar.tuning.layerwise.solver.Symmetric;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A layer of three rows and six columns, one of them dead: what peers compute on the way too. */
class TinyTraceTest {
  private static final Backend BACKEND = Backends.chosen();

  private final SafetensorsFile trace =
      SafetensorsFile.open(Golden.copied().resolve("tiny_trace.safetensors"));

  private final Tensor w = trace.tensor("W").toTensor();
  private final GridFit fit = new GridFit(new IntegerGrid(3, -1, false, DType.F32), false, 0);
  private final SecondMoments moments = moments();

  private SecondMoments moments() {
    Tensor x = trace.tensor("X").toTensor();
    SecondMoments sums = new SecondMoments(6, BACKEND);
    sums.add(x.reshape(2, x.dim(0) / 2, 6));
    return sums;
  }

  private double[] expected(String name) {
    return Golden.doubles(trace.tensor(name));
  }

  private int[] codes(String name) {
    byte[] codes = new byte[w.size()];
    trace.tensor(name).readBytes(0, codes, 0, codes.length);
    return IntStream.range(0, codes.length).map(i -> codes[i] & 0xFF).toArray();
  }

  private static int[] codes(byte[] found) {
    return IntStream.range(0, found.length).map(i -> found[i] & 0xFF).toArray();
  }

  private static double[] all(Symmetric a) {
    int n = a.dim();
    return IntStream.range(0, n * n).mapToDouble(i -> a.at(i / n, i % n)).toArray();
  }

  @Test
  void momentsAreThePeers() {
    assertArrayEquals(expected("sigma"), all(moments.sum()), 1e-5);
    assertArrayEquals(expected("gptq_H"), all(moments.normalised()), 1e-5);
  }

  @Test
  void gptqFactorsAndRoundsAsThePeer() {
    GptqOptions options = GptqOptions.plain();
    Gptq.Factor factor = Gptq.factor(moments.normalised(), fit.grid(), options).orElseThrow();
    float[] upper = factor.upper();
    assertArrayEquals(
        expected("gptq_U"), IntStream.range(0, 36).mapToDouble(i -> upper[i]).toArray(), 1e-5);
    Gptq.Solution found = Gptq.solve(w, factor, fit, options, BACKEND);
    assertArrayEquals(codes("gptq_codes"), codes(found.matrix().codes().values()));
    double loss = expected("gptq_loss")[0];
    assertEquals(loss, found.loss(), 1e-3 * loss);
  }

  @Test
  void quantEaseIsThePeersAfterEachSweep() {
    NormalMatrix normal = new NormalMatrix(moments.sum(), ColumnOrder.natural(6));
    double[] expected = expected("quantease_relerr");
    QuantEase.Options options = new QuantEase.Options(expected.length, false, true);
    QuantEase.Solution found =
        QuantEase.solve(w, normal, Grids.of(w, fit), options, Optional.empty(), BACKEND);
    assertArrayEquals(codes("quantease_codes"), codes(found.matrix().codes().values()));
    double whole = 0;
    for (int i = 0; i < w.size() * 6; i++) {
      int row = i / 36 * 6;
      int k = i / 6 % 6;
      whole += (double) w.data()[row + k] * w.data()[row + i % 6] * moments.sum().at(k, i % 6);
    }
    List<Double> errors = found.errors();
    for (int t = 0; t < expected.length; t++) {
      assertEquals(expected[t], errors.get(t) / whole, 1e-3 * expected[t], "sweep " + t);
    }
  }
}
