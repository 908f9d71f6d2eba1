package dev.ashlar.formats.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.FaultyDisk;
import dev.ashlar.formats.FaultyDisk.Fault;
import dev.ashlar.formats.FloatFolder;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.quant.IntegerGrid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * A model that takes another's place on a disk that fails at any byte: the old one stays whole, or
 * the new one is; what is neither is no model.
 */
class NothingIsLostTest {
  private static final Path LLAMA = Path.of("../nn/src/test/resources/models/llama");
  private static final String CONFIG = "config.json";

  /** Places at which a disk fails, beside those close to the end. */
  private static final int PLACES = 16;

  /** Where renaming and removing happen, one by one. */
  private static final int LAST = 60;

  private static final Path NOTHING = Path.of("no such folder");

  @TempDir Path temp;
  private Path before;
  private Path after;

  private interface Writer {
    void write(Checkpoint source, Path folder);
  }

  /** Two models of one name; the first has files beside its weights that the second has not. */
  @BeforeEach
  void makeModels() throws IOException {
    before = Files.createDirectories(temp.resolve("before/m"));
    after = Files.createDirectories(temp.resolve("after/m"));
    for (Path model : List.of(before, after)) {
      for (String name : List.of(CONFIG, "model.safetensors")) {
        Files.copy(LLAMA.resolve(name), model.resolve(name));
      }
    }
    byte[] weights = Files.readAllBytes(after.resolve("model.safetensors"));
    for (int i = weights.length / 2; i < weights.length; i += 4) {
      weights[i] ^= 1;
    }
    Files.write(after.resolve("model.safetensors"), weights);
    Files.writeString(before.resolve("chat_template.jinja"), "before");
    Files.writeString(before.resolve("special_tokens_map.json"), "{}");
    Path templates = Files.createDirectories(before.resolve("additional_chat_templates"));
    Files.writeString(templates.resolve("tools.jinja"), "before");
    for (Path model : List.of(before, after)) {
      Files.writeString(model.resolve("LICENSE"), "theirs");
      Files.writeString(
          model.resolve("generation_config.json"),
          "{\"max_length\": " + (model == before ? 5 : 6) + "}");
    }
    Files.writeString(after.resolve("added_tokens.json"), "{}");
  }

  private static void write(ExportFormat format, Checkpoint source, Path folder, long shards) {
    IntegerGrid grid = new IntegerGrid(4, 32, true);
    ExportPlan plan = ModelExportTest.plan(source, grid, false);
    ExportOptions options = new ExportOptions(shards, true);
    try (ExportSink sink = format.create(folder, source, plan, options)) {
      for (String name : source.names()) {
        String module = name.replaceFirst("\\.weight$", "");
        if (format.packs() && plan.linears().get(module) instanceof IntegerGrid g) {
          sink.quantized(module, ModelExportTest.round(source.tensor(name).toTensor(), g));
        } else {
          sink.copy(source.tensor(name));
        }
      }
      sink.finish();
    }
  }

  private static Map<String, Writer> writers() {
    Map<String, Writer> writers = new TreeMap<>();
    writers.put(
        "floats",
        (source, folder) ->
            FloatFolder.write(source, folder, Optional.empty(), true, (t, d, a) -> {}));
    for (String name : List.of("auto_round", "fake", "gguf:q8_0")) {
      ExportFormat format = ExportFormats.named(name).orElseThrow();
      writers.put(name, (source, folder) -> write(format, source, folder, 1L << 30));
    }
    ExportFormat shards = ExportFormats.named("auto_gptq").orElseThrow();
    writers.put("shards", (source, folder) -> write(shards, source, folder, 60_000));
    return writers;
  }

  private void write(Writer writer, Path model, Path folder) {
    try (Checkpoint source = Checkpoints.open(model)) {
      writer.write(source, folder);
    }
  }

  /** Everything below a folder, by name. */
  private static Map<String, String> content(Path folder, boolean hidden) throws IOException {
    Map<String, String> content = new TreeMap<>();
    for (Path file : files(folder)) {
      String name = folder.relativize(file).toString();
      if (hidden || !name.startsWith(".")) {
        CRC32C sum = new CRC32C();
        sum.update(Files.readAllBytes(file));
        content.put(name, Files.size(file) + " bytes, sum " + sum.getValue());
      }
    }
    return content;
  }

  private static List<Path> files(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  /** Makes a folder what another one is; nothing if there is no other. */
  private static void restore(Path from, Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(p);
        }
      }
    }
    for (Path file : files(from)) {
      Path copy = folder.resolve(from.relativize(file).toString());
      Files.createDirectories(copy.getParent());
      Files.copy(file, copy);
    }
  }

  private static Set<Long> places(long all, int last) {
    Set<Long> places = new TreeSet<>();
    for (int i = 0; i < PLACES; i++) {
      places.add(all * i / PLACES);
    }
    for (long i = Math.max(0, all - last); i < all; i++) {
      places.add(i);
    }
    return places;
  }

  @TestFactory
  List<DynamicTest> theOldModelStaysOrTheNewOneIsThere() {
    List<DynamicTest> tests = new ArrayList<>();
    writers()
        .forEach(
            (name, writer) -> {
              tests.add(DynamicTest.dynamicTest(name + " full", () -> full(writer)));
              tests.add(DynamicTest.dynamicTest(name + " killed", () -> killed(writer)));
              tests.add(DynamicTest.dynamicTest(name + " read-only", () -> readOnly(writer)));
              tests.add(DynamicTest.dynamicTest(name + " replaced", () -> replaced(writer)));
            });
    return tests;
  }

  /** A new model has nothing of the old one's, but what says nothing of a model. */
  private void replaced(Writer writer) throws IOException {
    Path folder = Files.createTempDirectory(temp, "case").resolve("out");
    write(writer, after, folder);
    Map<String, String> alone = content(folder, true);
    restore(NOTHING, folder);
    write(writer, before, folder);
    write(writer, after, folder);
    assertEquals(alone, content(folder, true));
  }

  /** A model in a folder of its own, to begin from again and again. */
  private Path old(Writer writer) throws IOException {
    Path old = Files.createTempDirectory(temp, "case").resolve("old");
    write(writer, before, old);
    return old;
  }

  private void full(Writer writer) throws IOException {
    Path old = old(writer);
    Path folder = old.resolveSibling("out");
    FaultyDisk roomy = new FaultyDisk(Fault.FULL, Long.MAX_VALUE);
    write(writer, after, roomy.path(folder));
    Map<String, String> made = content(folder, true);
    assertFalse(content(old, true).equals(made));
    for (long room : places(roomy.done(), 1)) {
      for (Path there : List.of(old, NOTHING)) {
        restore(there, folder);
        FaultyDisk disk = new FaultyDisk(Fault.FULL, room);
        String where = room + " of " + roomy.done();
        InputException e =
            assertThrows(
                InputException.class, () -> write(writer, after, disk.path(folder)), where);
        assertTrue(e.getMessage().contains("No space left"), e.getMessage());
        assertEquals(content(there, true), content(folder, true), where);
      }
    }
    restore(old, folder);
    write(writer, after, new FaultyDisk(Fault.FULL, roomy.done()).path(folder));
    assertEquals(made, content(folder, true));
  }

  private void killed(Writer writer) throws IOException {
    Path old = old(writer);
    Path folder = old.resolveSibling("out");
    restore(old, folder);
    FaultyDisk living = new FaultyDisk(Fault.KILLED, Long.MAX_VALUE);
    write(writer, after, living.path(folder));
    Map<String, String> made = content(folder, true);
    Map<String, String> were = content(old, true);
    for (long room : places(living.done(), LAST)) {
      restore(old, folder);
      FaultyDisk disk = new FaultyDisk(Fault.KILLED, room);
      assertThrows(FaultyDisk.Killed.class, () -> write(writer, after, disk.path(folder)));
      disk.bury();
      Map<String, String> left = content(folder, false);
      // A single file is the old one or the new one; a folder may be no model for a moment.
      boolean none = were.containsKey(CONFIG) && !left.containsKey(CONFIG);
      String where = room + " of " + living.done() + ": ";
      assertTrue(left.equals(were) || left.equals(made) || none, where + left);
      // And whoever comes next finds nothing in the way, and leaves nothing of it.
      write(writer, after, folder);
      assertEquals(made, content(folder, true), where);
    }
  }

  private void readOnly(Writer writer) throws IOException {
    Path old = old(writer);
    Path folder = old.resolveSibling("out");
    for (Path there : List.of(old, NOTHING)) {
      restore(there, folder);
      Path faulty = new FaultyDisk(Fault.READ_ONLY, 0).path(folder);
      InputException e = assertThrows(InputException.class, () -> write(writer, after, faulty));
      assertTrue(e.getMessage().contains("permission denied"), e.getMessage());
      assertEquals(content(there, true), content(folder, true));
    }
  }
}
