package dev.ashlar.tornado.tuner;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.LanguageModel;
import dev.ashlar.formats.Checkpoints;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.devicetuning.DeviceTuner;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.WeightSource;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.signround.SignRound;
import dev.ashlar.tuning.signround.SignRoundOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Single steps of SignRound on blocks of the demo model, by the vectors of the processor and, from
 * the same state, by the device: as plain Java, or the one that the tests were started with, which
 * does more and larger ones.
 */
class TeacherForcingTest {
  private static final Path DEMO = Path.of("..", "demo");
  private static final Path TEXT = Path.of("..", "LICENSE");
  private static final boolean REAL = System.getProperty("tornado.load.api.implementation") != null;

  /** Where what was found is added, for the documentation. */
  private static final Path FIGURES = Path.of("target", "teacher-forcing.txt");

  private static final int SAMPLES = 8;
  private static final int LENGTH = REAL ? 32 : 16;
  private static final int ITERATIONS = 50;
  private static final Set<Integer> FORCED = REAL ? Set.of(0, 1, 5, 20) : Set.of(0, 5);

  /**
   * A step that decides wrongly where a gradient is clear would be far below; 99.999 % was found.
   */
  private static final double AT_LEAST = 0.9995;

  /** A block of the demo with what flows into it from a text. */
  private static UnitTask task(int block, QuantScheme scheme) throws IOException {
    int[] ids;
    try (LanguageModel demo = LanguageModel.open(DEMO)) {
      ids = demo.encode(Files.readString(TEXT));
    }
    try (WeightSource source = Checkpoints.open(DEMO)) {
      Decoder decoder = Architectures.load(source);
      Unit unit = Unit.of(List.of(decoder.block(block)));
      Activations in = Activations.zeros(SAMPLES, LENGTH, decoder.spec().dim());
      Activations out = Activations.zeros(SAMPLES, LENGTH, decoder.spec().dim());
      Tape tape = Tape.off();
      for (int s = 0; s < SAMPLES; s++) {
        BlockContext context = BlockContext.of(1, LENGTH);
        int[] some = Arrays.copyOfRange(ids, s * LENGTH, (s + 1) * LENGTH);
        Tensor x = decoder.embed(some, context, tape);
        for (int b = 0; b < block; b++) {
          x = decoder.block(b).forward(x, context, tape);
        }
        in.write(s, 1, x);
        out.write(s, 1, unit.forward(x, context, tape));
        tape.reset();
      }
      boolean[][] counted = new boolean[SAMPLES][LENGTH];
      for (boolean[] sample : counted) {
        Arrays.fill(sample, true);
      }
      Map<String, QuantScheme> schemes = new LinkedHashMap<>();
      unit.weights().keySet().forEach(name -> schemes.put(name, scheme));
      return new UnitTask(0, unit, schemes, in, out, counted, 4, 1, 7, (i, n, loss) -> {});
    }
  }

  private static SignRoundOptions options() {
    return SignRoundOptions.of(ITERATIONS);
  }

  private static void require(String what, UnitTask task, DeviceTuner pupil) throws IOException {
    TeacherForcing forcing =
        new TeacherForcing(new ProcessorTuner(Backends.chosen()), pupil, FORCED);
    new SignRound(options(), Optional.of(forcing)).quantize(task);
    assertEquals(FORCED.size(), forcing.steps().size());
    for (TeacherForcing.Step s : forcing.steps()) {
      Files.writeString(FIGURES, what + " " + s + "\n", CREATE, APPEND);
      assertEquals(0, s.loss(), 1e-5, s::toString);
      assertTrue(s.clear().part() >= AT_LEAST, s::toString);
      assertTrue(s.values().part() >= AT_LEAST, s::toString);
      assertTrue(s.ranges().part() >= AT_LEAST, s::toString);
      assertTrue(s.codes().part() >= AT_LEAST, s::toString);
    }
  }

  @ParameterizedTest
  @CsvSource({"0, true", "3, true", "3, false"})
  void stepsOfTheDeviceAreTheProcessors(int block, boolean symmetric) throws IOException {
    UnitTask task = task(block, new IntegerGrid(4, 32, symmetric));
    String what = "block " + block + (symmetric ? ", symmetric" : ", asymmetric");
    require(what, task, DeviceUnitTunerTest.DEVICE);
    require(what + ", reference", task, new ProcessorTuner(Backends.reference()));
  }

  /** What stands for the processor here is the processor: without it the rest would say nothing. */
  @Test
  void theTeacherGivesWhatSignRoundGives() throws IOException {
    UnitTask task = task(0, new IntegerGrid(4, 32, true));
    UnitResult expected = new SignRound(options()).quantize(task);
    UnitResult found =
        new SignRound(options(), Optional.of(new ProcessorTuner(Backends.chosen()))).quantize(task);
    expected
        .layers()
        .forEach(
            (name, matrix) ->
                assertArrayEquals(
                    matrix.codes().values(), found.layers().get(name).codes().values(), name));
  }
}
