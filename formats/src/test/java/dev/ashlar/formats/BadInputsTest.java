package dev.ashlar.formats;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.json.Json;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.tensor.StoredTensor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every malformed file ends in one clear sentence, in time; every odd but legal one opens. */
class BadInputsTest {
  private static final Duration LIMIT = Duration.ofSeconds(2);

  @TestFactory
  List<DynamicTest> safetensors() {
    return cases("safetensors", BadInputsTest::readSafetensors);
  }

  private static void readSafetensors(Path path) {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      for (String name : file.names()) {
        readAll(file.tensor(name));
      }
    }
  }

  static void readAll(StoredTensor t) {
    t.readBytes(0, new byte[(int) t.byteSize()], 0, (int) t.byteSize());
    t.toTensor();
  }

  private static List<DynamicTest> cases(String kind, Consumer<Path> open) {
    Path folder = Shared.path("fixtures/badinputs");
    List<DynamicTest> tests = new ArrayList<>();
    for (Object value : (List<?>) Json.readObject(folder.resolve("manifest.json")).get("cases")) {
      Map<?, ?> c = (Map<?, ?>) value;
      if (c.get("kind").equals(kind)) {
        Path path = folder.resolve((String) c.get("file"));
        // A fault that only a later stage can see must not stop the file from being opened.
        boolean ok = c.get("expect").equals("ok") || c.containsKey("stage");
        tests.add(DynamicTest.dynamicTest((String) c.get("id"), () -> judge(path, ok, open)));
      }
    }
    assertFalse(tests.isEmpty(), "no cases of kind " + kind);
    return tests;
  }

  private static void judge(Path path, boolean ok, Consumer<Path> open) {
    assertTimeout(
        LIMIT,
        () -> {
          if (ok) {
            open.accept(path);
          } else {
            CheckpointException e =
                assertThrows(CheckpointException.class, () -> open.accept(path));
            String message = e.getMessage();
            System.getLogger("bad").log(System.Logger.Level.DEBUG, message);
            assertTrue(message.startsWith(path.toString()), message);
            assertFalse(message.contains("\n"), message);
            assertTrue(message.length() < 1500, message);
          }
        });
  }
}
