package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kv.KvPrecision;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A decoder's runner and its caches, on a copied fixture. */
class RunnerTest {
  private static final int LENGTH = 150;
  private static final int[] IDS = new int[LENGTH];

  static {
    Arrays.setAll(IDS, i -> (i * 37 + 11) % 256);
  }

  private Altered source;
  private Decoder decoder;
  private float[] whole;

  @BeforeEach
  void open() {
    source = new Altered("llama");
    decoder = Architectures.load(source);
    whole = decoder.forward(IDS, BlockContext.of(1, LENGTH), Tape.off()).copy().data();
  }

  @AfterEach
  void close() {
    source.close();
  }

  private Runner runner(KvPrecision precision, int pageTokens) {
    return decoder.runner(precision, pageTokens);
  }

  private static Tensor logits(Runner runner, SequenceCache cache, int... ids) {
    return runner.head(runner.hidden(List.of(Runner.Part.of(cache, ids)), () -> false));
  }

  private static int[] ids(int from, int to) {
    return Arrays.copyOfRange(IDS, from, to);
  }

  private void close(int at, Tensor logits, double bound) {
    float largest = 0;
    for (float logit : whole) {
      largest = Math.max(largest, Math.abs(logit));
    }
    int vocab = decoder.spec().vocab();
    for (int i = 0; i < logits.size(); i++) {
      assertEquals(
          whole[at * vocab + i], logits.data()[i], bound * largest, "logit after token " + at);
    }
  }

  /** Fed piece by piece, a cache stays within its rounding; pages of one token and of many. */
  @ParameterizedTest
  @EnumSource(KvPrecision.class)
  void aCacheGrowsPageByPage(KvPrecision precision) {
    double bound =
        switch (precision) {
          case F32 -> 1e-5;
          case F16 -> 2e-3;
          case INT8 -> 2e-2;
        };
    for (int pageTokens : new int[] {1, 7, 64, 1000}) {
      Runner runner = runner(precision, pageTokens);
      SequenceCache cache = runner.newCache();
      for (int at = 0, n; at < LENGTH; at += n) {
        n = Math.min(at == 0 ? 70 : at % 13 == 0 ? 20 : 1, LENGTH - at);
        close(at, logits(runner, cache, ids(at, at + n)), bound);
        assertEquals(at + n, cache.length());
      }
      cache.truncate(140);
      close(140, logits(runner, cache, ids(140, LENGTH)), bound);
      assertThrows(IllegalArgumentException.class, () -> cache.truncate(LENGTH + 1));
      assertThrows(IllegalArgumentException.class, () -> cache.truncate(-1));
    }
  }

  @Test
  void narrowCachesAreSmallerAndAllShrink() {
    long[] bytes = new long[3];
    for (KvPrecision precision : KvPrecision.values()) {
      Runner runner = runner(precision, 16);
      SequenceCache cache = runner.newCache();
      assertEquals(0, cache.byteSize());
      logits(runner, cache, IDS);
      bytes[precision.ordinal()] = cache.byteSize();
      cache.truncate(16);
      assertEquals(bytes[precision.ordinal()], 10 * cache.byteSize());
      cache.truncate(0);
      assertEquals(0, cache.byteSize());
    }
    assertTrue(bytes[0] == 2 * bytes[1], "f16 " + bytes[1]);
    assertTrue(bytes[0] >= 3 * bytes[2], "int8 " + bytes[2]);
  }

  /** Forks of a fork, cut within a page and at its border, each going its own way. */
  @ParameterizedTest
  @EnumSource(KvPrecision.class)
  void forksShareWhatTheyHaveInCommon(KvPrecision precision) {
    Runner runner = runner(precision, 8);
    SequenceCache trunk = runner.newCache();
    logits(runner, trunk, ids(0, 43));
    int[] other = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 11, 12};
    for (int cut : new int[] {43, 41, 40, 3}) {
      SequenceCache fork = trunk.fork();
      fork.truncate(cut);
      SequenceCache second = fork.fork();
      float[] expected = alone(precision, cut, other);
      assertArrayEquals(expected, logits(runner, fork, other).copy().data(), "cut at " + cut);
      assertArrayEquals(expected, logits(runner, second, other).copy().data(), "cut at " + cut);
      fork.close();
      assertEquals(cut + other.length, second.length());
      second.close();
    }
    float[] expected = alone(precision, 43, ids(43, 60));
    assertArrayEquals(expected, logits(runner, trunk, ids(43, 60)).copy().data());
  }

  private float[] alone(KvPrecision precision, int cut, int[] ids) {
    Runner runner = runner(precision, 64);
    SequenceCache cache = runner.newCache();
    logits(runner, cache, ids(0, 43));
    cache.truncate(cut);
    return logits(runner, cache, ids).copy().data();
  }

  @Test
  void pagesComeBack() {
    Runner runner = runner(KvPrecision.F32, 4);
    SequenceCache first = runner.newCache();
    logits(runner, first, ids(0, 50));
    SequenceCache fork = first.fork();
    first.close();
    first.close();
    assertThrows(IllegalStateException.class, () -> first.truncate(0));
    assertThrows(IllegalStateException.class, first::fork);
    SequenceCache second = runner.newCache();
    logits(runner, second, ids(50, 100));
    close(50, logits(runner, fork, ids(50, 60)), 1e-5);
  }

  @Test
  void aDecodeStepTakesNoNewBuffers() {
    Runner runner = decoder.runner(KvPrecision.F32);
    SequenceCache cache = runner.newCache();
    logits(runner, cache, ids(0, 9));
    float[] first = logits(runner, cache, 7).data();
    assertSame(first, logits(runner, cache, 8).data());
  }

  /** However far it had come, a cancelled call leaves the caches as they were. */
  @Test
  void aCallCanBeCancelledBetweenBlocks() {
    Runner runner = runner(KvPrecision.F32, 4);
    SequenceCache cache = runner.newCache();
    logits(runner, cache, ids(0, 6));
    long bytes = cache.byteSize();
    for (int after = 0; after < 2; after++) {
      int[] asked = new int[1];
      int limit = after;
      List<Runner.Part> parts = List.of(Runner.Part.of(cache, ids(6, 30)));
      assertThrows(
          CancellationException.class, () -> runner.hidden(parts, () -> asked[0]++ == limit));
      assertEquals(6, cache.length());
      assertEquals(bytes, cache.byteSize());
    }
    close(6, logits(runner, cache, ids(6, 30)), 1e-5);
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Runner runner = runner(KvPrecision.F32, 4);
    SequenceCache cache = runner.newCache();
    Runner.Part part = Runner.Part.of(cache, 1);
    Runner.Part empty = Runner.Part.of(cache);
    Runner.Part outside = Runner.Part.of(cache, 256);
    Runner.Part foreign = Runner.Part.of(runner(KvPrecision.F32, 4).newCache(), 1);
    for (List<Runner.Part> parts :
        List.of(
            List.<Runner.Part>of(),
            List.of(part, part),
            List.of(empty),
            List.of(foreign),
            List.of(outside))) {
      assertThrows(IllegalArgumentException.class, () -> runner.hidden(parts, () -> false));
      assertEquals(0, cache.length());
      assertEquals(0, cache.byteSize());
    }
    assertEquals(decoder.spec().dim(), runner.dim());
    assertEquals(decoder.spec().vocab(), runner.vocab());
  }
}
