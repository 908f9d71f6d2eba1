package dev.ashlar.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.layerwise.Layerwise;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.GroupQuantizer;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Scales;
import dev.ashlar.tuning.method.TuningException;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.work.WorkFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a method may ask for and give, shown by methods that nothing in the library knows. */
class MethodSeamTest {
  private static final IntegerGrid W4 = new IntegerGrid(4, 32, false);
  private static final RunOptions OPTIONS = new RunOptions(4, 1, 1, true, 42);

  @TempDir private Path temporary;

  /** Divides the input norm's weights by two and doubles the maps behind it: the same function. */
  private static final class NormHalving implements StubQuantizer {
    private final List<float[]> inputs = new ArrayList<>();

    @Override
    public UnitResult quantize(UnitTask task) {
      Tensor x = Tensor.zeros(1, task.inputs().length(), task.inputs().dim());
      task.inputs().read(0, 1, x);
      inputs.add(x.data());
      String norm = task.unit().name() + ".input_layernorm.weight";
      Tensor halved = scaled(task.unit().tensors().get(norm), 0.5f);
      Map<String, QuantizedMatrix> layers = new LinkedHashMap<>();
      task.schemes()
          .forEach(
              (name, scheme) -> {
                LinearLayer l = task.layer(name);
                boolean behind = name.matches(".*\\.[qkv]_proj");
                Tensor w = behind ? scaled(l.weight(), 2f) : l.weight();
                layers.put(name, RoundToNearest.quantize(new LinearLayer(name, w, scheme)));
              });
      return UnitResult.of(layers)
          .withTensors(Map.of(norm, halved))
          .withFigures(Map.of("halved", 1.0));
    }

    private static Tensor scaled(Tensor t, float factor) {
      Tensor copy = t.copy();
      for (int i = 0; i < copy.size(); i++) {
        copy.data()[i] *= factor;
      }
      return copy;
    }
  }

  private static BlockwiseQuantization run(Decoder model, BlockQuantizer method) {
    return new BlockwiseQuantization(
        model, QuantizationPlan.uniform(W4), TinyModel.data(8, 8), method, OPTIONS);
  }

  @Test
  void nothingFlowsBehindTheLastUnitWithAnythingToBeDone() {
    try (Checkpoint source = TinyModel.open()) {
      NormHalving method = new NormHalving();
      QuantizationPlan first = QuantizationPlan.uniform(W4).withFirstBlocks(1);
      Collected found = new Collected();
      RunReport report =
          new BlockwiseQuantization(
                  Architectures.load(source), first, TinyModel.data(8, 8), method, OPTIONS)
              .run(found, RunListener.SILENT);
      assertEquals(1, method.inputs.size(), "units that the method was asked for");
      assertEquals(7, found.layers().size());
      assertEquals(2, report.units().size(), "a unit is reported though nothing is done in it");
    }
  }

  private static Decoder with(Decoder model, UnitResult result) {
    List<dev.ashlar.nn.decoder.Block> blocks = new ArrayList<>();
    for (int i = 0; i < model.blockCount(); i++) {
      Unit unit = Unit.of(List.of(model.loadBlock(i))).with(result);
      blocks.add(((Unit.Blocks) unit).blocks().getFirst());
    }
    return model.withBlocks(blocks);
  }

  private static float[] logits(Decoder model) {
    int[] ids = TinyModel.data(1, 8).ids(0, 1);
    return model.forward(ids, BlockContext.of(1, 8), Tape.off()).copy().data();
  }

  @Test
  void changedNormsReachStreamSinkAndWorkFolder() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      NormHalving method = new NormHalving();
      Collected first = new Collected();
      BlockwiseQuantization job = run(model, method);
      try (WorkFolder work = WorkFolder.open(temporary, job.job(Map.of()), false)) {
        RunReport report = job.run(Optional.of(work), first, RunListener.SILENT);
        assertEquals(Map.of("halved", 1.0), report.units().getFirst().figures());
      }
      assertEquals(2, first.tensors().size());
      assertEquals(14, first.layers().size());

      // Powers of two change no rounding, so that the model computes what rounding alone gives.
      Decoder plain =
          TinyModel.quantized(
              model,
              TinyModel.collect(
                  new BlockwiseQuantization(
                      model,
                      QuantizationPlan.uniform(W4),
                      CalibrationSet.none(),
                      Methods.named("rtn").create(dev.ashlar.tuning.method.MethodOptions.none()),
                      OPTIONS)));
      assertArrayEquals(logits(plain), logits(with(model, first.result())), 1e-5f);

      // The second unit saw what the changed first one put out.
      Tensor x = Tensor.zeros(1, 8, model.spec().dim());
      int[] ids = TinyModel.data(8, 8).ids(0, 1);
      Tape tape = Tape.off();
      Tensor y =
          with(model, first.result())
              .block(0)
              .forward(model.embed(ids, BlockContext.of(1, 8), tape), BlockContext.of(1, 8), tape);
      System.arraycopy(y.data(), 0, x.data(), 0, x.size());
      assertArrayEquals(x.data(), method.inputs.get(1));

      Collected again = new Collected();
      BlockwiseQuantization resumed = run(model, new NormHalving());
      try (WorkFolder work = WorkFolder.open(temporary, resumed.job(Map.of()), false)) {
        RunReport report = resumed.run(Optional.of(work), again, RunListener.SILENT);
        assertTrue(report.units().stream().allMatch(UnitReport::resumed));
        assertEquals(Map.of("halved", 1.0), report.units().getLast().figures());
      }
      assertEquals(first.tensors().keySet(), again.tensors().keySet());
      first
          .tensors()
          .forEach(
              (name, t) -> {
                assertEquals(t.shape(), again.tensors().get(name).shape());
                assertArrayEquals(t.copy().data(), again.tensors().get(name).copy().data());
              });
    }
  }

  @Test
  void changesThatWouldBeLostAreRefused() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      // A sink that takes codes only.
      assertThrows(
          UnsupportedOperationException.class,
          () -> run(model, new NormHalving()).run((name, q) -> {}, RunListener.SILENT));
      Map<String, Tensor> wrong = new HashMap<>();
      wrong.put("model.layers.0.no_such.weight", Tensor.zeros(64));
      assertTrue(refused(model, wrong).contains("does not have"));
      wrong.clear();
      wrong.put("model.layers.0.input_layernorm.weight", Tensor.zeros(63));
      assertTrue(refused(model, wrong).contains("in place of"));
      wrong.clear();
      wrong.put("model.layers.0.input_layernorm.weight", Tensor.zeros(64));
      wrong.values().iterator().next().data()[3] = Float.NaN;
      assertTrue(refused(model, wrong).contains("finite"));
    }
  }

  private static String refused(Decoder model, Map<String, Tensor> tensors) {
    GroupQuantizer method =
        group ->
            () -> UnitResult.of(Map.of()).withTensors(group.layers().isEmpty() ? null : tensors);
    return assertThrows(
            TuningException.class,
            () ->
                run(model, new Layerwise(method, "wrong")).run(new Collected(), RunListener.SILENT))
        .getMessage();
  }

  /** Notes what it is shown, and rounds. */
  private static final class Noting implements GroupQuantizer {
    private final boolean inTurn;
    private final int times;
    private final List<List<String>> groups = new ArrayList<>();
    private final Map<String, List<Tensor>> seen = new LinkedHashMap<>();
    private final List<Boolean> knowCodes = new ArrayList<>();

    Noting(boolean inTurn, int times) {
      this.inTurn = inTurn;
      this.times = times;
    }

    @Override
    public Work begin(Group group) {
      List<String> names = group.layers().stream().map(LinearLayer::name).toList();
      groups.add(names);
      knowCodes.add(group.layers().getFirst().previous().isPresent());
      return new Work() {
        @Override
        public void observe(Tensor x) {
          seen.computeIfAbsent(names.getFirst(), n -> new ArrayList<>()).add(x.copy());
        }

        @Override
        public UnitResult finish() {
          Map<String, QuantizedMatrix> codes = new LinkedHashMap<>();
          group.layers().forEach(l -> codes.put(l.name(), RoundToNearest.quantize(l)));
          return UnitResult.of(codes);
        }
      };
    }

    @Override
    public boolean observes() {
      return true;
    }

    @Override
    public boolean sequential() {
      return inTurn;
    }

    @Override
    public int rounds() {
      return times;
    }
  }

  private static UnitTask task(Decoder model) {
    Unit unit = Unit.of(List.of(model.block(0)));
    CalibrationSet data = TinyModel.data(6, 8);
    dev.ashlar.tuning.walk.BlockWalk walk =
        new dev.ashlar.tuning.walk.BlockWalk(6, dev.ashlar.tuning.walk.BlockWalk.Check.NONE);
    Map<String, QuantScheme> schemes = new LinkedHashMap<>();
    unit.weights().keySet().forEach(name -> schemes.put(name, W4));
    return new UnitTask(
        0,
        unit,
        schemes,
        walk.embed(model, 6, 8, data::ids, dev.ashlar.tuning.walk.ActivationStore.heap()),
        null,
        data.counted(),
        6,
        1,
        0,
        (i, n, loss) -> {});
  }

  @Test
  void layersThatShareAnInputComeTogetherAndSeeItOnce() {
    Noting noting = new Noting(false, 1);
    UnitTask task = task(TinyModel.load());
    UnitResult result = new Layerwise(noting, "noting").quantize(task);
    List<List<String>> expected = new ArrayList<>();
    for (String group : "q_proj k_proj v_proj,o_proj,gate_proj up_proj,down_proj".split(",")) {
      List<String> names = new ArrayList<>();
      for (String name : group.split(" ")) {
        names.add("model.layers.0." + (name.matches("[qkvo]_proj") ? "self_attn." : "mlp.") + name);
      }
      expected.add(names);
    }
    assertEquals(expected, noting.groups);
    assertEquals(4, noting.seen.size());
    noting.seen.values().forEach(xs -> assertEquals(1, xs.size()));
    assertEquals(List.copyOf(task.schemes().keySet()), List.copyOf(result.layers().keySet()));
  }

  @Test
  void oneAfterTheOtherSeesWhatTheEarlierOnesBecame() {
    Decoder model = TinyModel.load();
    UnitTask task = task(model);
    Noting inTurn = new Noting(true, 1);
    UnitResult result = new Layerwise(inTurn, "in turn").quantize(task);
    // By the definition: the down projection's input in a unit whose other maps are quantized.
    Map<String, Tensor> inputs = new HashMap<>();
    Unit others =
        task.unit()
            .mapWeights(
                (name, w) ->
                    name.endsWith("down_proj")
                        ? new dev.ashlar.tuning.method.ObservedWeight(
                            w, x -> inputs.put(name, x.copy()))
                        : new DenseWeight(result.layers().get(name).dequantize()));
    Tensor x = Tensor.zeros(6, 8, model.spec().dim());
    task.inputs().read(0, 6, x);
    others.forward(x, BlockContext.of(6, 8), Tape.off());
    String down = "model.layers.0.mlp.down_proj";
    assertArrayEquals(inputs.get(down).data(), inTurn.seen.get(down).getFirst().data());
    Noting atOnce = new Noting(false, 1);
    new Layerwise(atOnce, "at once").quantize(task);
    assertFalse(
        java.util.Arrays.equals(inputs.get(down).data(), atOnce.seen.get(down).getFirst().data()));
  }

  @Test
  void aUnitCanBeGoneThroughSeveralTimes() {
    Noting noting = new Noting(false, 3);
    new Layerwise(noting, "three times").quantize(task(TinyModel.load()));
    assertEquals(12, noting.groups.size());
    for (int i = 0; i < 12; i++) {
      assertEquals(i >= 4, noting.knowCodes.get(i), "group " + i);
    }
    noting.seen.values().forEach(xs -> assertEquals(3, xs.size()));
  }

  @Test
  void schemesThatAMethodCannotDoAreRefusedBeforeAnythingIsComputed() {
    BlockQuantizer rtn = new Layerwise(new RoundToNearest(), "rtn");
    BlockQuantizer picky =
        (BlockQuantizer)
            java.lang.reflect.Proxy.newProxyInstance(
                MethodSeamTest.class.getClassLoader(),
                new Class<?>[] {BlockQuantizer.class},
                (proxy, m, args) ->
                    m.getName().equals("refusal")
                        ? Optional.of("takes 2 bits only")
                        : m.invoke(rtn, args));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new BlockwiseQuantization(
                    TinyModel.load(),
                    QuantizationPlan.uniform(W4),
                    CalibrationSet.none(),
                    picky,
                    OPTIONS));
    assertTrue(e.getMessage().contains("takes 2 bits only (w4g32 asym)"), e.getMessage());
  }

  @Test
  void settledScalesAreTheKernelsOwn() {
    Decoder model = TinyModel.load();
    UnitTask task = task(model);
    for (String name : task.schemes().keySet()) {
      QuantizedMatrix q = RoundToNearest.quantize(task.layer(name));
      float[] scales = q.zeroPoints().scales().clone();
      Scales.settle(name, W4, q.in(), scales);
      assertArrayEquals(q.zeroPoints().scales(), scales);
    }
    assertEquals(W4.scaleFloor(), Scales.rounded(W4, 1e-9f));
    assertEquals(-W4.scaleFloor(), Scales.rounded(W4, -1e-6f));
    float[] large = {1f, 1e30f};
    TuningException e =
        assertThrows(TuningException.class, () -> Scales.settle("layer", W4, 32, large));
    assertSame("layer", e.subject());
  }
}
