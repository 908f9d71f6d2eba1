package dev.ashlar.tuning.autoscheme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.layer.WrappedWeight;
import dev.ashlar.nn.op.RoundInputs;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.CrossEntropy;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.SuperGrid;
import dev.ashlar.tensor.quant.Unquantized;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.UnitPlan;
import dev.ashlar.tuning.autoscheme.AutoScheme.Allocation;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.plan.SchemeOverride;
import dev.ashlar.tuning.walk.ActivationStore;
import dev.ashlar.tuning.walk.BlockWalk;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AutoSchemeTest {
  private static final IntegerGrid W2 = new IntegerGrid(2, 32, true);
  private static final SchemeOption TWO = new SchemeOption("W2", W2);
  private static final SchemeOption FOUR = new SchemeOption("W4", new IntegerGrid(4, 32, false));
  private static final SchemeOption FLOAT = new SchemeOption("BF16", new Unquantized());
  private static final QuantizationPlan PLAN = QuantizationPlan.uniform(TWO.scheme());

  private static AutoScheme scheme(double bits, SchemeOption... options) {
    return new AutoScheme(bits, List.of(options), List.of(), false);
  }

  private static List<Map<String, Double>> scores(
      AutoScheme scheme, Decoder model, QuantizationPlan plan) {
    return scheme.scores(
        model,
        plan,
        TinyModel.data(10, 16),
        ActivationStore.heap(),
        done -> {},
        BlockWalk.Check.NONE);
  }

  /** By the definition: one tape over the whole rounded model. */
  private static Map<String, Double> naive(Decoder model, QuantScheme scheme, CalibrationSet data) {
    Map<String, Double> scores = new LinkedHashMap<>();
    Map<String, Tensor> original = new LinkedHashMap<>();
    Map<String, Tensor> rounded = new LinkedHashMap<>();
    String head = model.spec().head().output().name();
    Decoder coarse =
        model.mapWeights(
            (name, w) -> {
              Tensor matrix = ((DenseWeight) w).matrix();
              if (name.equals(head) || !QuantScheme.quantizable(w.out(), w.in())) {
                return w;
              }
              Tensor q =
                  RoundToNearest.quantize(new LinearLayer(name, matrix, scheme)).dequantize();
              original.put(name, matrix);
              rounded.put(name, q);
              return new DenseWeight(q);
            });
    for (int at = 0; at < data.count(); at += 8) {
      int batch = Math.min(8, data.count() - at);
      int length = data.length();
      Tape tape = Tape.recording();
      Map<String, Tensor> gradients = new LinkedHashMap<>();
      rounded.forEach(
          (name, q) -> {
            gradients.put(name, Tensor.zeros(q.shape()));
            tape.watch(q, gradients.get(name), false);
          });
      int[] targets = new int[batch * length];
      for (int i = 0; i < targets.length; i++) {
        boolean last = i % length == length - 1;
        targets[i] = last ? -1 : data.sample(at + i / length)[i % length + 1];
      }
      Tensor logits = coarse.forward(data.ids(at, batch), BlockContext.of(batch, length), tape);
      Tensor loss = tape.apply(new CrossEntropy(logits, targets));
      tape.backward(loss, 1f);
      gradients.forEach(
          (name, g) -> {
            double sum = 0;
            for (int i = 0; i < g.size(); i++) {
              double d = (double) original.get(name).data()[i] - rounded.get(name).data()[i];
              sum += Math.abs(g.data()[i] * d);
            }
            scores.merge(name, sum, Double::sum);
          });
    }
    return scores;
  }

  @Test
  void scoresAreThoseOfOneTapeOverTheWholeModel() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      List<Map<String, Double>> found = scores(scheme(3, TWO, FOUR, FLOAT), model, PLAN);
      assertTrue(found.get(2).isEmpty());
      for (int o = 0; o < 2; o++) {
        QuantScheme s = o == 0 ? TWO.scheme() : FOUR.scheme();
        Map<String, Double> expected = naive(model, s, TinyModel.data(10, 16));
        assertEquals(expected.keySet(), found.get(o).keySet());
        expected.forEach(
            (name, score) -> {
              assertTrue(score > 0, name + " " + score + " " + found);
              assertEquals(score, scoreOf(found, name, score), 1e-3 * score, name);
            });
      }
    }
  }

  private static double scoreOf(List<Map<String, Double>> all, String name, double near) {
    double a = all.get(0).get(name);
    double b = all.get(1).get(name);
    return Math.abs(a - near) < Math.abs(b - near) ? a : b;
  }

  private static double average(Decoder model, QuantizationPlan plan) {
    long bits = 0;
    long weights = 0;
    UnitPlan units = new UnitPlan(model.spec(), model.tiedHead(), plan, 1);
    for (Map.Entry<String, QuantScheme> e : units.schemes().entrySet()) {
      long[] size = size(model, e.getKey());
      bits += SchemeBits.of(e.getValue(), size[0], size[1], false);
      weights += size[0] * size[1];
    }
    for (String name : units.skipped().keySet()) {
      long[] size = size(model, name);
      if (QuantScheme.quantizable(size[0], size[1])) {
        bits += 16 * size[0] * size[1];
        weights += size[0] * size[1];
      }
    }
    return (double) bits / weights;
  }

  private static long[] size(Decoder model, String name) {
    long[] size = new long[2];
    model.mapWeights(
        (n, w) -> {
          if (n.equals(name)) {
            size[0] = w.out();
            size[1] = w.in();
          }
          return w;
        });
    return size;
  }

  @Test
  void theAverageIsKeptAndMoreBitsGoWhereTheyMatter() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      List<Map<String, Double>> scores = scores(scheme(3, TWO, FOUR, FLOAT), model, PLAN);
      double before = Double.POSITIVE_INFINITY;
      for (double bits : new double[] {2.5, 3, 3.5, 4.5, 5.5, 9, 16}) {
        Allocation a =
            scheme(bits, TWO, FOUR, FLOAT).allocate(model.spec(), model.tiedHead(), PLAN, scores);
        assertTrue(a.averageBits() <= bits, a.averageBits() + " of " + bits);
        assertEquals(a.averageBits(), average(model, a.plan()), 1e-9);
        double sum = 0;
        UnitPlan units = new UnitPlan(model.spec(), model.tiedHead(), a.plan(), 1);
        for (Map.Entry<String, QuantScheme> e : units.schemes().entrySet()) {
          sum += scores.get(e.getValue().equals(TWO.scheme()) ? 0 : 1).get(e.getKey());
        }
        assertTrue(sum <= before);
        before = sum;
      }
      assertEquals(0, before);
      String said =
          assertThrows(
                  IllegalArgumentException.class,
                  () ->
                      scheme(2.4, TWO, FOUR).allocate(model.spec(), model.tiedHead(), PLAN, scores))
              .getMessage();
      assertTrue(said.contains("2.5000") && said.contains("scales"), said);
    }
  }

  @Test
  void fixedLayersKeepTheirSchemeAndCount() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      QuantizationPlan fixed = PLAN.withRules(Map.of("q_proj", SchemeOverride.bits(8)));
      AutoScheme scheme = scheme(4, TWO, FOUR);
      List<Map<String, Double>> scores = scores(scheme, model, fixed);
      assertTrue(scores.get(0).keySet().stream().noneMatch(n -> n.contains("q_proj")));
      Allocation a = scheme.allocate(model.spec(), model.tiedHead(), fixed, scores);
      assertEquals(a.averageBits(), average(model, a.plan()), 1e-9);
      assertTrue(a.averageBits() <= 4);
      UnitPlan units = new UnitPlan(model.spec(), model.tiedHead(), a.plan(), 1);
      units
          .schemes()
          .forEach(
              (name, s) ->
                  assertEquals(name.contains("q_proj"), ((IntegerGrid) s).bits() == 8, name));
    }
  }

  @Test
  void layersThatShareGetTheSame() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      AutoScheme scheme =
          new AutoScheme(
              3.3, List.of(TWO, FOUR), List.of(List.of("q_proj", "k_proj", "v_proj")), false);
      List<Map<String, Double>> scores = scores(scheme, model, PLAN);
      Allocation a = scheme.allocate(model.spec(), model.tiedHead(), PLAN, scores);
      UnitPlan units = new UnitPlan(model.spec(), model.tiedHead(), a.plan(), 1);
      Map<String, QuantScheme> schemes = units.schemes();
      schemes.forEach(
          (name, s) -> {
            if (name.contains("q_proj")) {
              assertEquals(s, schemes.get(name.replace("q_proj", "k_proj")));
              assertEquals(s, schemes.get(name.replace("q_proj", "v_proj")));
            }
          });
      assertTrue(a.averageBits() <= 3.3);
    }
  }

  /** By the definition: what a layer's rounded inputs cost is a product of gradient and error. */
  @Test
  void roundedInputsCountToo() {
    String name = "model.layers.1.mlp.down_proj";
    ActivationScheme bytes = new ActivationScheme(new Element.Integers(4, true), -1, true);
    QuantScheme rounding = W2.withActivations(Optional.of(bytes));
    CalibrationSet data = TinyModel.data(8, 16);
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      double found =
          new BlockSensitivity(model, data, ActivationStore.heap())
              .measure(Map.of(name, rounding), done -> {}, BlockWalk.Check.NONE)
              .get(name);
      assertEquals(watched(model, name, bytes, data), found, 1e-3 * found);
    }
  }

  private static double watched(
      Decoder model, String name, ActivationScheme inputs, CalibrationSet data) {
    Tape tape = Tape.recording();
    Tensor[] parts = new Tensor[6]; // weight, rounded, gradient; input, rounded, gradient
    Decoder coarse =
        model.mapWeights(
            (n, w) -> {
              if (!n.equals(name)) {
                return w;
              }
              parts[0] = ((DenseWeight) w).matrix();
              LinearLayer layer = new LinearLayer(name, parts[0], TWO.scheme());
              parts[1] = RoundToNearest.quantize(layer).dequantize();
              parts[2] = Tensor.zeros(parts[1].shape());
              tape.watch(parts[1], parts[2], false);
              return new LeafInputs(new DenseWeight(parts[1]), inputs, parts);
            });
    int[] targets = new int[8 * 16];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = i % 16 == 15 ? -1 : data.sample(i / 16)[i % 16 + 1];
    }
    Tensor logits = coarse.forward(data.ids(0, 8), BlockContext.of(8, 16), tape);
    tape.backward(tape.apply(new CrossEntropy(logits, targets)), 1f);
    return sum(parts[0], parts[1], parts[2]) + sum(parts[3], parts[4], parts[5]);
  }

  private static double sum(Tensor exact, Tensor rounded, Tensor gradient) {
    double sum = 0;
    for (int i = 0; i < exact.size(); i++) {
      double d = (double) exact.data()[i] - rounded.data()[i];
      sum += Math.abs(gradient.data()[i] * d);
    }
    return sum;
  }

  /** Multiplies with rounded inputs that are a leaf of the tape, so that they have a gradient. */
  private record LeafInputs(Weight inner, ActivationScheme inputs, Tensor[] parts)
      implements WrappedWeight {
    @Override
    public Tensor multiply(Tensor x, Tape tape) {
      parts[3] = x.copy();
      parts[4] = new RoundInputs(parts[3], inputs).forward(Tape.off()).copy();
      parts[5] = Tensor.zeros(x.shape());
      tape.watch(parts[4], parts[5], false);
      return inner.multiply(parts[4], tape);
    }
  }

  @Test
  void smallFloatsAreChosenBesideOthers() {
    SchemeOption four = new SchemeOption("MXFP4", micro(FloatGrid.mxfp4()));
    SchemeOption eight = new SchemeOption("MXFP8", micro(FloatGrid.mxfp8()));
    SchemeOption rows = new SchemeOption("FP8", FloatGrid.fp8(FloatFormat.E4M3));
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      AutoScheme scheme = scheme(5.5, four, TWO, eight, rows);
      List<Map<String, Double>> scores = scores(scheme, model, PLAN);
      for (String name : scores.getFirst().keySet()) {
        assertTrue(scores.get(0).get(name) > scores.get(2).get(name), name);
        assertTrue(scores.get(2).get(name) > scores.get(3).get(name), name);
      }
      Allocation a = scheme.allocate(model.spec(), model.tiedHead(), PLAN, scores);
      assertTrue(a.averageBits() <= 5.5 && a.averageBits() > 5, a.toString());
      assertEquals(a.averageBits(), average(model, a.plan()), 1e-9);
      UnitPlan units = new UnitPlan(model.spec(), model.tiedHead(), a.plan(), 1);
      List<QuantScheme> known = List.of(four.scheme(), TWO.scheme(), eight.scheme(), rows.scheme());
      assertTrue(known.containsAll(units.schemes().values()), units.schemes().toString());
    }
    assertEquals(4 * 64 * 64 + 64 * 2 * 8, SchemeBits.of(four.scheme(), 64, 64, false));
    assertEquals(8 * 64 * 64 + 64 * 32, SchemeBits.of(rows.scheme(), 64, 64, false));
    assertEquals(8 * 64 * 64, SchemeBits.of(rows.scheme(), 64, 64, true));
    FloatGrid whole = new FloatGrid(FloatFormat.E4M3, 0, FloatGrid.Scale.F32);
    assertEquals(8 * 64 * 64 + 32, SchemeBits.of(whole, 64, 64, false));
    SchemeOption still =
        new SchemeOption(
            "x",
            W2.withActivations(
                Optional.of(new ActivationScheme(new Element.Integers(8, true), -1, false))));
    assertThrows(IllegalArgumentException.class, () -> scheme(3, still));
  }

  private static QuantScheme micro(FloatGrid grid) {
    return grid.withActivations(
        Optional.of(
            new ActivationScheme(new Element.Floats(grid.element(), grid.scale()), 32, true)));
  }

  /** Rows of 64 hold no super-block, and half of the options have nothing else for them. */
  @Test
  void rowsThatBlocksDoNotDivideGetAnother() {
    SuperGrid levels = SuperGrid.KNOWN.get(2);
    QuantScheme five = new IntegerGrid(5, 32, true);
    SchemeOption both = new SchemeOption("Q4_K", levels, List.of(five));
    SchemeOption wide = new SchemeOption("wide", new IntegerGrid(3, 256, true), List.of(levels));
    assertEquals(levels, both.of(512));
    assertEquals(five, both.of(64));
    assertEquals(new Unquantized(), both.of(48));
    assertEquals(levels, new SchemeOption("Q4_K", levels).of(48));
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      AutoScheme scheme = scheme(10, both, TWO, wide);
      Allocation a =
          scheme.allocate(model.spec(), model.tiedHead(), PLAN, scores(scheme, model, PLAN));
      assertEquals(a.averageBits(), average(model, a.plan()), 1e-9);
      UnitPlan units = new UnitPlan(model.spec(), model.tiedHead(), a.plan(), 1);
      assertTrue(Set.of(five, TWO.scheme()).containsAll(units.schemes().values()));
      assertTrue(a.layers().get("wide") > 0 && a.layers().get("Q4_K") > 0, a.toString());
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> scheme(3, new SchemeOption("Q4_0", new FileBlocks("Q4_0", 32, 18))));
  }

  @Test
  void optionsAreAtLeastOneAndDiffer() {
    assertThrows(IllegalArgumentException.class, () -> scheme(0.5, TWO));
    assertThrows(IllegalArgumentException.class, () -> scheme(Double.NaN, TWO));
    assertThrows(IllegalArgumentException.class, () -> scheme(3));
    assertThrows(
        IllegalArgumentException.class, () -> scheme(3, TWO, new SchemeOption("x", TWO.scheme())));
    assertFalse(scheme(3, TWO).bareCodes());
    assertEquals(2 * 64 * 64 + 64 * 2 * 16, SchemeBits.of(TWO.scheme(), 64, 64, false));
    assertEquals(4 * 64 * 64 + 64 * 2 * 20, SchemeBits.of(FOUR.scheme(), 64, 64, false));
    assertEquals(4 * 64 * 64, SchemeBits.of(FOUR.scheme(), 64, 64, true));
    assertEquals(16 * 64 * 64, SchemeBits.of(new Unquantized(), 64, 64, false));
    IntegerGrid rows = new IntegerGrid(3, -1, true);
    assertEquals(3 * 64 * 48 + 64 * 16, SchemeBits.of(rows, 64, 48, false));
    IntegerGrid rest = new IntegerGrid(3, 32, true);
    assertEquals(3 * 64 * 48 + 64 * 2 * 16, SchemeBits.of(rest, 64, 48, false));
  }
}
