package dev.ashlar.formats.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.FloatFolder;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.formats.export.ExportOptions;
import dev.ashlar.formats.export.ExportPlan;
import dev.ashlar.formats.gguf.TinyGguf;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.IntegerGrid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing is written where a model is read from, by whatever name the folder goes. */
class OriginTest {
  @TempDir Path temp;
  private Path model;

  @BeforeEach
  void makeModel() throws IOException {
    model = Files.createDirectories(temp.resolve("model"));
    try (SafetensorsWriter w = SafetensorsWriter.inFolder(model)) {
      w.floats("a.weight", DType.BF16, Tensor.zeros(2, 3));
      w.finish();
    }
    Files.writeString(model.resolve("config.json"), "{}");
  }

  private static Map<String, String> content(Path folder) throws IOException {
    Map<String, String> content = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path p : all.filter(Files::isRegularFile).toList()) {
        content.put(
            folder.relativize(p).toString(), java.util.Arrays.toString(Files.readAllBytes(p)));
      }
    }
    return content;
  }

  private void refused(Path source, Path target) throws IOException {
    Map<String, String> before = content(temp);
    boolean existed = Files.exists(target);
    try (Checkpoint checkpoint = Checkpoints.open(source)) {
      InputException e =
          assertThrows(
              InputException.class,
              () -> FloatFolder.write(checkpoint, target, Optional.empty(), true, (t, d, a) -> {}));
      assertTrue(e.getMessage().contains("model that is being read"), e.getMessage());
      ExportPlan plan = new ExportPlan(new IntegerGrid(4, 32, true), Map.of());
      ExportOptions options = ExportOptions.defaults().overwriting(true);
      assertThrows(
          InputException.class,
          () -> ExportFormats.ALL.getLast().create(target, checkpoint, plan, options));
    }
    assertEquals(before, content(temp));
    assertEquals(existed, Files.exists(target));
  }

  @Test
  void theFolderItselfByEveryName() throws IOException {
    Path link = Files.createSymbolicLink(temp.resolve("link"), model);
    Path chain = Files.createSymbolicLink(temp.resolve("chain"), link);
    for (Path source : List.of(model, link, model.resolve("model.safetensors"))) {
      for (Path name : List.of(model, link, chain, model.resolve("../model"), link.resolve("."))) {
        refused(source, name);
      }
      refused(source, model.resolve("inside/deep"));
      refused(source, chain.resolve("inside"));
    }
  }

  @Test
  void whereItsLinksLead() throws IOException {
    Path snapshot = Files.createDirectories(temp.resolve("snapshots/main"));
    Path blobs = Files.createDirectories(temp.resolve("blobs"));
    for (String name : List.of("model.safetensors", "config.json")) {
      Files.move(model.resolve(name), blobs.resolve("of-" + name));
      Files.createSymbolicLink(snapshot.resolve(name), Path.of("../../blobs/of-" + name));
    }
    refused(snapshot, blobs);
    refused(snapshot, snapshot);
    try (Checkpoint checkpoint = Checkpoints.open(snapshot)) {
      checkpoint.requireTarget(temp.resolve("snapshots/other"));
      checkpoint.requireTarget(blobs.resolve("other"));
    }
  }

  /** A single file may lie anywhere, and its output beside it. */
  @Test
  void besideAFileButNotAmongIt() throws IOException {
    Path file = TinyGguf.write(temp.resolve("m.gguf"));
    refused(file, temp);
    Path elsewhere = Files.createDirectories(temp.resolve("elsewhere"));
    Path link = Files.createSymbolicLink(elsewhere.resolve("n.gguf"), file);
    refused(link, elsewhere);
    refused(link, temp);
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      FloatFolder.write(checkpoint, temp.resolve("m"), Optional.empty(), false, (t, d, a) -> {});
    }
    assertTrue(Files.exists(temp.resolve("m/config.json")));
    assertFalse(Files.exists(temp.resolve("config.json")));
  }
}
