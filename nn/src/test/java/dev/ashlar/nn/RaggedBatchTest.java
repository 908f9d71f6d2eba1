package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * Every family: sequences of a batch, with histories and horizons of their own, get the bits that
 * they get alone.
 *
 * <p>Products of a few rows may sum in another order than products of many, so the steps here have
 * few rows both ways or many both ways; how many rows an expert gets is not ours to say, so that
 * experts of the vector backend are compared within rounding.
 */
class RaggedBatchTest {
  private static final int[] HISTORY = {0, 9, 21};
  private static final int[] NEW = {18, 21, 19};
  private static final int[] HORIZONS = {24, 50, 300};

  @TestFactory
  Stream<DynamicNode> families() {
    List<DynamicNode> tests = new ArrayList<>();
    for (Path folder : Fixtures.folders(Fixtures.copied())) {
      for (Backend backend : Backends.all()) {
        String name = folder.getFileName() + " on " + backend.name();
        tests.add(dynamicTest(name, () -> check(folder, backend)));
      }
    }
    return tests.stream();
  }

  private static void check(Path folder, Backend backend) {
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      Decoder decoder = Architectures.load(checkpoint, backend);
      boolean experts =
          decoder.spec().blocks().stream()
              .anyMatch(b -> b.feedForward() instanceof FeedForwardSpec.Experts);
      double tolerance = experts && backend != Backends.reference() ? 1e-4 : 0;
      for (KvPrecision precision : KvPrecision.values()) {
        boolean exact = tolerance == 0 && backend == Backends.chosen();
        if (precision == KvPrecision.F32 || exact) {
          List<float[]> alone = new ArrayList<>();
          for (int b = 0; b < NEW.length; b++) {
            alone.addAll(steps(decoder.runner(precision, 64), new int[] {b}));
          }
          List<float[]> together = steps(decoder.runner(precision, 4), 0, 1, 2);
          for (int b = 0; b < NEW.length; b++) {
            for (int step = 0; step < 2; step++) {
              float[] expected = alone.get(2 * b + step);
              float[] found = together.get(2 * b + step);
              String what = precision + ", sequence " + b + ", step " + step;
              assertArrayEquals(expected, found, (float) (tolerance * largest(expected)), what);
            }
          }
        }
      }
    }
  }

  private static float largest(float[] x) {
    float largest = 0;
    for (float f : x) {
      largest = Math.max(largest, Math.abs(f));
    }
    return largest;
  }

  /** Hidden states after several new tokens, then after one, for each of some sequences. */
  private static List<float[]> steps(Runner runner, int... sequences) {
    List<Runner.Part> parts = new ArrayList<>();
    for (int b : sequences) {
      Random random = new Random(b);
      SequenceCache cache = runner.newCache();
      if (HISTORY[b] > 0) {
        int[] before = ids(random, HISTORY[b], runner.vocab());
        runner.hidden(List.of(new Runner.Part(cache, before, HORIZONS[b])), () -> false);
      }
      int[] now = ids(random, NEW[b], runner.vocab());
      parts.add(new Runner.Part(cache, now, HORIZONS[b]));
    }
    List<float[]> many = split(parts, runner.hidden(parts, () -> false));
    List<Runner.Part> one = new ArrayList<>();
    for (Runner.Part p : parts) {
      one.add(new Runner.Part(p.cache(), new int[] {p.ids()[0]}, p.horizon()));
    }
    List<float[]> few = split(one, runner.hidden(one, () -> false));
    List<float[]> all = new ArrayList<>();
    for (int i = 0; i < sequences.length; i++) {
      all.add(many.get(i));
      all.add(few.get(i));
    }
    return all;
  }

  private static int[] ids(Random random, int n, int vocab) {
    return random.ints(n, 0, vocab).toArray();
  }

  private static List<float[]> split(List<Runner.Part> parts, Tensor hidden) {
    List<float[]> rows = new ArrayList<>();
    int at = 0;
    for (Runner.Part p : parts) {
      int size = p.ids().length * hidden.dim(-1);
      rows.add(Arrays.copyOfRange(hidden.data(), at, at + size));
      at += size;
    }
    return rows;
  }
}
