package dev.ashlar.tuning.walk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.TuningException;
import dev.ashlar.tuning.method.Unit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ActivationsTest {
  @TempDir private Path folder;

  private static Tensor random(long... dims) {
    Random random = new Random(11);
    Tensor t = Tensor.zeros(dims);
    for (int i = 0; i < t.size(); i++) {
      t.data()[i] = (float) random.nextGaussian();
    }
    return t;
  }

  private static float[] all(Activations a) {
    Tensor t = Tensor.zeros(a.count(), a.length(), a.dim());
    a.read(0, a.count(), t);
    return t.data();
  }

  @Test
  void spilledFloatsAreTheSameAsThoseInTheHeap() {
    // More than one chunk of a mebibyte for each sample, and not a multiple of it.
    int length = 301;
    int dim = 1021;
    try (Activations heap = ActivationStore.heap().zeros(5, length, dim);
        Activations spilled = ActivationStore.spilled(folder).zeros(5, length, dim)) {
      assertArrayEquals(all(heap), all(spilled));
      Tensor batch = random(2, length, dim);
      for (Activations a : List.of(heap, spilled)) {
        a.write(3, 2, batch);
        a.write(0, 1, Tensor.of(batch.data(), 1, length, dim));
      }
      assertArrayEquals(all(heap), all(spilled));
      Tensor one = Tensor.zeros(3, length, dim);
      Tensor other = Tensor.zeros(3, length, dim);
      heap.gather(new int[] {9, 4, 0, 3}, 1, 3, one);
      spilled.gather(new int[] {9, 4, 0, 3}, 1, 3, other);
      assertArrayEquals(one.data(), other.data());
      assertEquals(5, spilled.count());
      assertEquals(length, spilled.length());
      assertEquals(dim, spilled.dim());
    }
  }

  @Test
  void onlyWhatIsLargeNeedsAFile() {
    ActivationStore store =
        ActivationStore.heapUpTo(4 * 5 * 6 * Float.BYTES, folder.resolve("none"));
    store.zeros(4, 5, 6).close();
    assertThrows(TuningException.class, () -> store.zeros(4, 5, 7));
  }

  @Test
  void spillFilesLeaveNothingBehind() throws IOException {
    Activations a = ActivationStore.spilled(folder).zeros(2, 4, 8);
    a.write(0, 2, random(2, 4, 8));
    boolean posix = Files.getFileStore(folder).supportsFileAttributeView("posix");
    try (Stream<Path> files = Files.list(folder)) {
      assertTrue(!posix || files.findAny().isEmpty(), "the name goes as soon as the file is open");
    }
    a.close();
    try (Stream<Path> files = Files.list(folder)) {
      assertTrue(files.findAny().isEmpty());
    }
    Path missing = folder.resolve("missing");
    TuningException e =
        assertThrows(TuningException.class, () -> ActivationStore.spilled(missing).zeros(1, 1, 1));
    assertEquals(missing.toString(), e.subject());
  }

  /** A file without a name cannot be opened again: whoever wants the thread back gets it. */
  @Test
  void anInterruptEndsTheRunAndIsLeftToTheCaller() {
    Tensor one = Tensor.zeros(1, 4, 8);
    for (int what = 0; what < 3; what++) {
      int asked = what;
      try (Activations a = ActivationStore.spilled(folder).zeros(2, 4, 8)) {
        Thread.currentThread().interrupt();
        assertThrows(
            CancellationException.class,
            () -> {
              switch (asked) {
                case 0 -> a.read(0, 1, one);
                case 1 -> a.write(0, 1, one);
                default -> a.gather(new int[] {1}, 0, 1, one);
              }
            });
        assertTrue(Thread.interrupted(), "the interrupt is still there");
      }
    }
  }

  @Test
  void halfPrecisionRoundsToNearestEven() {
    Tensor x = Tensor.of(new float[] {1f, 1.00390625f, 1.01171875f, -3.14159265f}, 1, 1, 4);
    try (Activations half = ActivationStore.bfloat16().zeros(1, 1, 4)) {
      half.write(0, 1, x);
      assertArrayEquals(new float[] {1f, 1f, 1.015625f, -3.140625f}, all(half));
      Tensor gathered = Tensor.zeros(1, 1, 4);
      half.gather(new int[] {0}, 0, 1, gathered);
      assertArrayEquals(all(half), gathered.data());
    }
  }

  @Test
  void walksDoNotDependOnHowManySamplesGoAtOnceNorOnWhereTheyLie() {
    CalibrationSet data = TinyModel.data(7, 9);
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      float[] expected = walked(model, data, 7, ActivationStore.heap());
      for (int batch : new int[] {1, 2, 3, 5, 8}) {
        assertArrayEquals(expected, walked(model, data, batch, ActivationStore.heap()));
        assertArrayEquals(expected, walked(model, data, batch, ActivationStore.spilled(folder)));
      }
    }
  }

  private static float[] walked(
      Decoder model, CalibrationSet data, int batch, ActivationStore store) {
    BlockWalk walk = new BlockWalk(batch, BlockWalk.Check.NONE);
    try (Activations x = walk.embed(model, data.count(), data.length(), data::ids, store)) {
      for (int i = 0; i < model.blockCount(); i++) {
        walk.pass(Unit.of(List.of(model.loadBlock(i))), x, x, "block " + i);
      }
      return all(x);
    }
  }
}
