package dev.ashlar.formats.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Shared;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  @TempDir Path temp;

  private static Tensor random(long seed, long... dims) {
    Tensor t = Tensor.zeros(dims);
    Random random = new Random(seed);
    for (int i = 0; i < t.size(); i++) {
      t.data()[i] = (float) random.nextGaussian();
    }
    return t;
  }

  private static List<String> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  /** The reference library's own bytes, whatever the order in which tensors arrive. */
  @TestFactory
  List<DynamicTest> sameBytesAsTheReferenceLibrary() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    try (DirectoryStream<Path> models = Files.newDirectoryStream(Shared.path("fixtures/models"))) {
      for (Path model : models) {
        Path original = model.resolve("model.safetensors");
        if (Files.exists(original)) {
          tests.add(
              DynamicTest.dynamicTest(
                  model.getFileName().toString(), () -> assertSameBytes(original)));
        }
      }
    }
    return tests;
  }

  private static void assertSameBytes(Path original) throws IOException {
    Path folder = Files.createTempDirectory("rewrite");
    Path copy = folder.resolve("copy.safetensors");
    try (SafetensorsFile file = SafetensorsFile.open(original);
        SafetensorsWriter writer = SafetensorsWriter.toFile(copy, file.metadata())) {
      List<String> names = new ArrayList<>(file.names());
      Collections.shuffle(names, new Random(7));
      for (String name : names) {
        writer.copy(file.tensor(name));
      }
      writer.finish();
    }
    assertEquals(-1, Files.mismatch(original, copy), "first differing byte");
    assertEquals(List.of("copy.safetensors"), files(folder));
    Files.delete(copy);
    Files.delete(folder);
  }

  @Test
  void roundsToEveryFloatTypeAndReadsBack() {
    Tensor t = random(1, 7, 33);
    t.data()[0] = -0f;
    t.data()[1] = Float.NaN;
    t.data()[2] = Float.POSITIVE_INFINITY;
    t.data()[3] = 1e-40f;
    t.data()[4] = Float.intBitsToFloat(0x3F808000); // halfway between two BF16: goes to even
    t.data()[5] = Float.intBitsToFloat(0x3F818000);
    try (SafetensorsWriter w = SafetensorsWriter.inFolder(temp)) {
      for (DType d : List.of(DType.F32, DType.F16, DType.BF16, DType.F64)) {
        w.floats(d.name(), d, t);
      }
      w.ints("ints", Shape.of(2, 2), new int[] {0, -1, Integer.MIN_VALUE, 7});
      w.floats("scalar", DType.F32, Tensor.of(new float[] {3}));
      w.floats("empty", DType.F32, Tensor.zeros(0, 5));
      w.finish();
    }
    try (SafetensorsFile f = SafetensorsFile.open(temp.resolve("model.safetensors"))) {
      assertEquals(Map.of("format", "pt"), f.metadata());
      assertArrayEquals(t.data(), f.tensor("F32").toTensor().data());
      assertArrayEquals(t.data(), f.tensor("F64").toTensor().data());
      float[] half = f.tensor("F16").toTensor().data();
      float[] brain = f.tensor("BF16").toTensor().data();
      for (int i = 6; i < t.size(); i++) {
        float x = t.data()[i];
        assertEquals(Float.float16ToFloat(Float.floatToFloat16(x)), half[i]);
        assertEquals(x, brain[i], Math.abs(x) / 256 + 1e-38f);
      }
      assertTrue(Float.isNaN(half[1]) && Float.isNaN(brain[1]));
      assertEquals(Float.POSITIVE_INFINITY, brain[2]);
      assertEquals(1f, brain[4]);
      assertEquals(Float.intBitsToFloat(0x3F820000), brain[5]);
      assertArrayEquals(
          new float[] {0, -1, Integer.MIN_VALUE, 7}, f.tensor("ints").toTensor().data());
      assertEquals(Shape.of(), f.tensor("scalar").shape());
      assertEquals(0, f.tensor("empty").byteSize());
    }
  }

  @Test
  void shardsWithAnIndexAndNothingElse() throws IOException {
    Files.writeString(temp.resolve("model-00009-of-00009.safetensors"), "an older model's shard");
    AtomicFile.create(temp.resolve("model-shard-00001.spool")).channel().close();
    try (SafetensorsWriter w = SafetensorsWriter.inFolder(temp, 1000)) {
      for (int i = 0; i < 5; i++) {
        w.floats("t" + i, DType.F32, random(i, 10, 10 + i)); // 400 to 560 bytes
      }
      w.floats("large", DType.F32, random(9, 1000));
      assertFalse(files(temp).contains("model.safetensors"));
      assertEquals(4, w.finish().size());
    }
    assertEquals(
        List.of(
            "model-00001-of-00004.safetensors",
            "model-00002-of-00004.safetensors",
            "model-00003-of-00004.safetensors",
            "model-00004-of-00004.safetensors",
            "model.safetensors.index.json"),
        files(temp));
    Map<String, Object> index = Json.readObject(temp.resolve("model.safetensors.index.json"));
    assertEquals(
        Map.of("total_size", 40L * (10 + 11 + 12 + 13 + 14) + 4000), index.get("metadata"));
    try (ShardSet set = ShardSet.ofFolder(temp)) {
      assertEquals(6, set.tensors().size());
      StoredTensor t3 = set.tensors().get("t3");
      assertArrayEquals(random(3, 10, 13).data(), t3.toTensor().data());
    }
  }

  /** Where numbers are written with other digits too. */
  @Test
  void namesAreTheSameInEveryLocale() throws IOException {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("fa-IR-u-nu-arabext"));
      assertFalse(String.format("%05d", 1).equals("00001"));
      try (SafetensorsWriter w = SafetensorsWriter.inFolder(temp, 100)) {
        w.floats("a", DType.F32, random(1, 20));
        w.floats("b", DType.F32, random(1, 20));
        w.finish();
      }
    } finally {
      Locale.setDefault(before);
    }
    assertEquals(
        List.of(
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json"),
        files(temp));
  }

  @Test
  void withoutFinishNothingIsLeft() throws IOException {
    try (SafetensorsWriter w = SafetensorsWriter.inFolder(temp, 100)) {
      w.floats("a", DType.F32, random(1, 20));
      w.floats("b", DType.F32, random(1, 20));
    }
    assertEquals(List.of(), files(temp));
  }

  @Test
  void anEarlierModelStaysWholeUntilFinish() throws IOException {
    write(random(1, 8));
    byte[] earlier = Files.readAllBytes(temp.resolve("model.safetensors"));
    try (SafetensorsWriter w = SafetensorsWriter.inFolder(temp)) {
      w.floats("x", DType.F32, random(2, 8));
    }
    assertArrayEquals(earlier, Files.readAllBytes(temp.resolve("model.safetensors")));
    write(random(2, 8));
    assertFalse(Files.mismatch(temp.resolve("model.safetensors"), temp.resolve("x")) >= 0);
  }

  private void write(Tensor t) throws IOException {
    try (SafetensorsWriter w = SafetensorsWriter.inFolder(temp)) {
      w.floats("x", DType.F32, t);
      w.finish();
    }
    Files.copy(
        temp.resolve("model.safetensors"),
        temp.resolve("x"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void refusesDuplicatesSecondWritersAndWrongCounts() {
    try (SafetensorsWriter w = SafetensorsWriter.inFolder(temp)) {
      w.floats("a", DType.F32, random(1, 4));
      assertThrows(IllegalArgumentException.class, () -> w.floats("a", DType.F32, random(1, 4)));
      assertThrows(InputException.class, () -> SafetensorsWriter.inFolder(temp));
      assertThrows(
          IllegalStateException.class,
          () -> {
            try (TensorOutput out = w.begin("b", DType.F32, Shape.of(3))) {
              out.floats(new float[2], 0, 2);
            }
          });
    }
    try (SafetensorsWriter w = SafetensorsWriter.inFolder(temp)) {
      InputException e =
          assertThrows(
              InputException.class,
              () -> w.floats("big", DType.F16, Tensor.of(new float[] {1, 70000}, 2)));
      assertTrue(e.getMessage().contains("big") && e.getMessage().contains("index 1"));
    }
  }

  @Test
  void aFullDiskIsOneSentenceAndLeavesNothing() throws IOException {
    Path full = Path.of("/dev/full");
    org.junit.jupiter.api.Assumptions.assumeTrue(Files.exists(full), "no /dev/full here");
    ByteBuffer buffer = ByteBuffer.allocate(1 << 10).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel = FileChannel.open(full, StandardOpenOption.WRITE)) {
      TensorOutput out =
          new TensorOutput(
              temp.resolve("m"), channel, buffer, "a", SafetensorsType.of("F32"), 400_000);
      InputException e =
          assertThrows(
              InputException.class, () -> out.floats(random(1, 100_000).data(), 0, 100_000));
      assertTrue(e.getMessage().contains("No space left"), e.getMessage());
    }
  }

  /** What was laid under names that a writer might use is neither written through nor removed. */
  @Test
  void linksAndFilesOfOthersStay() throws IOException {
    Path victim = Files.writeString(temp.resolve("victim"), "theirs");
    List<String> names =
        List.of(
            ".model-shard-00001.spool.ashlar-part",
            ".model-shard-00001.safetensors.ashlar-part",
            ".model.safetensors.ashlar-part");
    for (String name : names) {
      Files.createSymbolicLink(temp.resolve(name), victim);
    }
    Files.writeString(temp.resolve("model-notes.tmp"), "theirs");
    write(random(1, 8));
    for (String name : names) {
      assertTrue(Files.isSymbolicLink(temp.resolve(name)), name);
    }
    assertEquals("theirs", Files.readString(victim));
    assertEquals("theirs", Files.readString(temp.resolve("model-notes.tmp")));
  }

  @Test
  void aFileTruncatedWhileOpenIsAFault() throws IOException {
    try (SafetensorsWriter w = SafetensorsWriter.inFolder(temp)) {
      w.floats("a", DType.F32, random(1, 20_000));
      w.finish();
    }
    Path path = temp.resolve("model.safetensors");
    try (SafetensorsFile f = SafetensorsFile.open(path)) {
      try (var channel =
          java.nio.channels.FileChannel.open(path, java.nio.file.StandardOpenOption.WRITE)) {
        channel.truncate(1000);
      }
      StoredTensor a = f.tensor("a");
      for (int i = 0; i < 1000; i++) { // compiled code too
        assertThrows(InputException.class, a::toTensor);
      }
      assertThrows(InputException.class, () -> a.readBytes(40_000, new byte[5000], 0, 5000));
    }
  }
}
