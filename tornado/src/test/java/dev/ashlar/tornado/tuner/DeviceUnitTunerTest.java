package dev.ashlar.tornado.tuner;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.devicetuning.DeviceTuner;
import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.nn.devicetuning.TuningSession;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.WeightSource;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.TuningException;
import dev.ashlar.tuning.method.TuningHistory;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.signround.SignRound;
import dev.ashlar.tuning.signround.SignRoundOptions;
import dev.ashlar.tuning.signround.SignRoundVariant;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * SignRound of one block on the device beside the same on the processor: as plain Java, or on the
 * device that the tests were started with.
 */
class DeviceUnitTunerTest {
  private static final Path MODELS = Path.of("..", "nn", "src", "test", "resources", "models");
  private static final int SAMPLES = 6;
  private static final int LENGTH = 9;

  /** The device of the tests, which is none that a user would find where it is plain Java. */
  static final DeviceTuner DEVICE = new Device(new DeviceUnitTuner(false));

  private record Device(DeviceUnitTuner tuner) implements DeviceTuner {
    @Override
    public String name() {
      return "device";
    }

    @Override
    public Optional<String> refusal(TuningJob job) {
      return DeviceUnitTuner.refusal(job);
    }

    @Override
    public TuningSession begin(TuningJob job) {
      return tuner.begin(job);
    }

    @Override
    public void release() {
      tuner.release();
    }
  }

  private static UnitTask task(String model, int block, QuantScheme scheme, int accumulate)
      throws IOException {
    try (WeightSource source = Checkpoints.open(MODELS.resolve(model))) {
      Decoder decoder = Architectures.load(source);
      Unit unit = Unit.of(List.of(decoder.block(block)));
      Activations in = Activations.zeros(SAMPLES, LENGTH, decoder.spec().dim());
      Activations out = Activations.zeros(SAMPLES, LENGTH, decoder.spec().dim());
      boolean[][] counted = new boolean[SAMPLES][LENGTH];
      Random random = new Random(17);
      Tape tape = Tape.off();
      for (int s = 0; s < SAMPLES; s++) {
        int[] ids = random.ints(LENGTH, 0, decoder.spec().vocab()).toArray();
        BlockContext context = BlockContext.of(1, LENGTH);
        Tensor x = decoder.embed(ids, context, tape);
        in.write(s, 1, x);
        out.write(s, 1, unit.forward(x, context, tape));
        tape.reset();
        for (int i = 0; i < LENGTH; i++) {
          counted[s][i] = s != 1 || i < 5;
        }
      }
      Map<String, QuantScheme> schemes = new LinkedHashMap<>();
      unit.weights().keySet().forEach(name -> schemes.put(name, scheme));
      return new UnitTask(
          0, unit, schemes, in, out, counted, 2, accumulate, 99, (i, n, loss) -> {});
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama, 4, 32, false, 1", "llama, 2, -1, true, 2", "qwen2, 3, 16, true, 1",
    "qwen3, 4, 32, true, 2", "mistral_sliding, 4, 16, false, 1", "gemma2_bf16, 4, 32, true, 1",
    "olmo2, 4, 32, false, 1", "granite, 8, 32, true, 1"
  })
  void tunesAsTheProcessorDoes(String model, int bits, int group, boolean symmetric, int accumulate)
      throws IOException {
    UnitTask task = task(model, 1, new IntegerGrid(bits, group, symmetric), accumulate);
    // The last iteration, since the best of so few large steps is often round-to-nearest.
    same(task, new SignRoundOptions(6, 0, 0, true, false, -1, 0, Optional.empty(), 0, 8), 0.995);
  }

  private static void same(UnitTask task, SignRoundOptions options, double atLeast) {
    same(task, options, DEVICE, atLeast);
  }

  private static void same(
      UnitTask task, SignRoundOptions options, DeviceTuner device, double atLeast) {
    UnitResult expected = new SignRound(options).quantize(task);
    UnitResult found = new SignRound(options, Optional.of(device)).quantize(task);
    TuningHistory a = expected.history().orElseThrow();
    TuningHistory b = found.history().orElseThrow();
    assertEquals(a.losses().size(), b.losses().size());
    for (int i = 0; i < a.losses().size(); i++) {
      assertEquals(a.losses().get(i), b.losses().get(i), 1e-4 * a.losses().get(i), "loss " + i);
    }
    assertEquals(a.bestIteration(), b.bestIteration());
    assertTrue(agreement(expected, found) >= atLeast, () -> "" + agreement(expected, found));
  }

  /** The part of all codes that is the same. */
  private static double agreement(UnitResult expected, UnitResult found) {
    assertEquals(List.copyOf(expected.layers().keySet()), List.copyOf(found.layers().keySet()));
    long same = 0;
    long all = 0;
    for (Map.Entry<String, QuantizedMatrix> e : expected.layers().entrySet()) {
      byte[] a = e.getValue().codes().values();
      byte[] b = found.layers().get(e.getKey()).codes().values();
      for (int i = 0; i < a.length; i++) {
        same += a[i] == b[i] ? 1 : 0;
      }
      all += a.length;
    }
    return (double) same / all;
  }

  /** With kernels of groups, two blocks one after the other in one graph. */
  @Test
  void tunesByGroupsAsTheProcessorDoes() throws IOException {
    SignRoundOptions options =
        new SignRoundOptions(3, 0, 0, true, false, -1, 0, Optional.empty(), 0, 8);
    DeviceUnitTuner tuner = new DeviceUnitTuner(true);
    for (int block = 0; block < 2; block++) {
      UnitTask task = task("qwen3", block, new IntegerGrid(4, 32, true), 2);
      same(task, options, new Device(tuner), 0.995);
      assertEquals(1, tuner.compiled());
    }
    tuner.release();
  }

  /** A graph that another block used gives what a new one gives, whatever it held. */
  @Test
  void blocksOfOneShapeShareAGraph() throws IOException {
    IntegerGrid grid = new IntegerGrid(4, 32, false);
    SignRoundOptions options = SignRoundOptions.of(4);
    DeviceUnitTuner shared = new DeviceUnitTuner(false);
    SignRound method = new SignRound(options, Optional.of(new Device(shared)));
    for (int block = 0; block < 2; block++) {
      UnitTask task = task("qwen3", block, grid, 2);
      UnitResult found = method.quantize(task);
      DeviceUnitTuner own = new DeviceUnitTuner(false);
      SignRound alone = new SignRound(options, Optional.of(new Device(own)));
      UnitResult expected = alone.quantize(task);
      alone.release();
      assertEquals(
          expected.history().orElseThrow().losses(), found.history().orElseThrow().losses());
      assertEquals(1, agreement(expected, found));
      assertEquals(1, shared.compiled());
    }
    method.quantize(task("qwen3", 0, new IntegerGrid(3, 32, false), 2));
    assertEquals(2, shared.compiled());
    method.release();
    method.quantize(task("qwen3", 0, new IntegerGrid(3, 32, false), 2));
    assertEquals(3, shared.compiled());
    method.release();
  }

  /** Bounds of V, ranges that stay, losses of fixed samples, some maps float, the last kept. */
  @Test
  void optionsAreTheProcessors() throws IOException {
    UnitTask whole = task("llama", 0, new IntegerGrid(3, 32, false), 1);
    Map<String, QuantScheme> some = new LinkedHashMap<>(whole.schemes());
    some.remove(some.keySet().iterator().next());
    some.put(List.copyOf(some.keySet()).get(2), new IntegerGrid(2, 16, true));
    UnitTask task =
        new UnitTask(
            0,
            whole.unit(),
            some,
            whole.inputs(),
            whole.targets(),
            whole.counted(),
            4,
            1,
            5,
            whole.listener());
    same(
        task,
        new SignRoundOptions(5, 0.1, 0.05, true, true, -1, 0.15, Optional.empty(), 2, 3),
        0.995);
    same(task, new SignRoundOptions(5, 0, 0, false, false, -1, 0, Optional.of(true), 0, 8), 0.995);
  }

  @Test
  void whatTheDeviceCannotIsSaid() throws IOException {
    IntegerGrid grid = new IntegerGrid(4, 32, true);
    SignRoundOptions options = SignRoundOptions.of(2);
    SignRound method = new SignRound(options, Optional.of(DEVICE));
    for (String[] c :
        new String[][] {
          {"mixtral", "experts"},
          {"gpt_neox_sequential", "norms other"},
          {"phi3_partial", "one map"}
        }) {
      UnitTask task = task(c[0], 0, grid, 1);
      String said = assertThrows(TuningException.class, () -> method.quantize(task)).getMessage();
      assertTrue(said.contains("device does not tune") && said.contains(c[1]), said);
    }
    SignRoundVariant adam = new SignRoundVariant(0, true, false, false);
    SignRoundOptions other =
        new SignRoundOptions(2, 0, 0, true, true, -1, 0, Optional.empty(), 0, 8, adam);
    String said =
        assertThrows(
                IllegalArgumentException.class, () -> new SignRound(other, Optional.of(DEVICE)))
            .getMessage();
    assertTrue(said.contains("Adam"), said);
    assertTrue(method.describe().endsWith("tuning_backend=device"), method.describe());
  }
}
