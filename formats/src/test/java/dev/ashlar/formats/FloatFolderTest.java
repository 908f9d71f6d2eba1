package dev.ashlar.formats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class FloatFolderTest {
  @TempDir Path temp;

  private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    try (Stream<Path> all = Files.walk(Shared.path("fixtures/autoround"), 3)) {
      all.filter(
              p ->
                  p.toString().endsWith(".gguf")
                      || p.getParent().endsWith("models") && Files.isDirectory(p))
          .sorted()
          .forEach(sources::add);
    }
    return sources;
  }

  /** Converted without a type, a checkpoint gives the same floats and the same configuration. */
  @TestFactory
  List<DynamicTest> losesNothingByDefault() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path path : sources()) {
      tests.add(
          DynamicTest.dynamicTest(
              path.getFileName().toString(), () -> assertSameFloats(path, Optional.empty())));
      tests.add(
          DynamicTest.dynamicTest(
              path.getFileName() + " as F32",
              () -> assertSameFloats(path, Optional.of(DType.F32))));
    }
    return tests;
  }

  private void assertSameFloats(Path path, Optional<DType> dtype) throws IOException {
    Path folder = Files.createTempDirectory(temp, "converted");
    try (Checkpoint source = Checkpoints.open(path)) {
      List<String> told = new ArrayList<>();
      FloatFolder.write(source, folder, dtype, false, (tensor, done, all) -> told.add(tensor));
      assertEquals(source.names().size(), told.size());
      try (Checkpoint copy = Checkpoints.open(folder)) {
        assertEquals(new TreeSet<>(source.names()), new TreeSet<>(copy.names()));
        for (String name : source.names()) {
          StoredTensor a = source.tensor(name);
          StoredTensor b = copy.tensor(name);
          assertEquals(a.shape(), b.shape(), name);
          assertArrayEquals(a.toTensor().data(), b.toTensor().data(), name);
        }
        Set<String> keys = new TreeSet<>(source.config().keySet());
        keys.removeAll(Set.of("torch_dtype", "dtype"));
        for (String key : keys) {
          assertEquals(source.config().get(key), copy.config().get(key), key);
        }
        DType type = dtype.orElseGet(() -> FloatFolder.losslessType(source));
        Object declared = copy.config().getOrDefault("torch_dtype", copy.config().get("dtype"));
        assertTrue(
            declared.equals(
                type == DType.F32 ? "float32" : type == DType.F16 ? "float16" : "bfloat16"));
      }
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertFalse(files.anyMatch(p -> p.getFileName().toString().startsWith(".")));
    }
  }
}
