package dev.ashlar.engine.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelPathsTest {
  @TempDir Path scratch;

  @Test
  void aPathIsItself() throws IOException {
    Path folder = Files.createDirectory(scratch.resolve("m"));
    assertEquals(folder, ModelPaths.resolve(folder.toString()));
    String home = System.getProperty("user.home");
    try {
      System.setProperty("user.home", scratch.toString());
      assertEquals(folder, ModelPaths.resolve("~/m"));
    } finally {
      System.setProperty("user.home", home);
    }
  }

  @Test
  void whatIsNotThereIsRefusedWithAdvice() {
    assertTrue(fault("no/such/model/here").contains("no such file or folder"));
    String hub = fault("nobody/no-such-model");
    assertTrue(hub.startsWith("nobody/no-such-model: no such file or folder; as a hub id: "), hub);
    assertTrue(hub.contains("HF_HUB_OFFLINE"), hub);
    // More often a folder that is not there than a model of the hub's first years.
    assertTrue(fault("no-such-model").contains("'ashlar pull no-such-model'"));
    assertTrue(fault("a\0b").contains("not a path"));
  }

  private static String fault(String name) {
    return assertThrows(InputException.class, () -> ModelPaths.resolve(name)).getMessage();
  }

  @Test
  void theDemoOfACheckoutComesFirst() throws IOException {
    Path demo = Files.createDirectory(scratch.resolve("demo"));
    System.setProperty("ashlar.home", scratch.toString());
    try {
      assertEquals(demo, ModelPaths.resolve("demo"));
    } finally {
      System.clearProperty("ashlar.home");
    }
    assertTrue(Files.exists(ModelPaths.resolve("demo").resolve("config.json")));
  }

  @Test
  void theBundledDemoIsThatOfTheRepository() throws IOException {
    Path folder = BundledModel.folder(scratch);
    assertEquals(folder, BundledModel.folder(scratch));
    for (String name :
        List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")) {
      assertArrayEquals(
          Files.readAllBytes(Path.of("../demo").resolve(name)),
          Files.readAllBytes(folder.resolve(name)),
          name);
    }
    try (Stream<Path> all = Files.list(scratch)) {
      assertEquals(List.of(folder), all.toList());
    }
    assertThrows(InputException.class, () -> BundledModel.folder(folder.resolve("config.json")));
  }
}
