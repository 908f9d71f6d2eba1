package dev.ashlar.engine.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.hub.HubCache;
import dev.ashlar.io.InputException;
import dev.ashlar.tuning.calibration.DatasetSpec;
import dev.ashlar.tuning.calibration.Documents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetFilesTest {
  @TempDir Path scratch;
  private Path snapshot;

  @BeforeEach
  void cache() throws IOException {
    Path data = scratch.resolve("datasets--org--set");
    Files.createDirectories(data.resolve("refs"));
    Files.writeString(data.resolve("refs/main"), "abc123");
    snapshot = Files.createDirectories(data.resolve("snapshots/abc123/data"));
    Files.writeString(snapshot.resolveSibling("README.md"), "about it");
  }

  private List<String> texts(String spec) {
    Documents found =
        new DatasetFiles(new HubCache(scratch)).read(DatasetSpec.parse(spec).getFirst());
    return ((Documents.Separate) found)
        .documents().stream().map(d -> ((Documents.Text) d).text()).toList();
  }

  private String fault(String spec) {
    return assertThrows(InputException.class, () -> texts(spec)).getMessage();
  }

  @Test
  void aHubIdIsFoundInTheLocalCache() throws IOException {
    Files.writeString(snapshot.resolve("train-00000.jsonl"), "\"a\"\n");
    Files.writeString(snapshot.resolve("train-00001.jsonl"), "\"b\"\n");
    Files.writeString(snapshot.resolve("test-00000.jsonl"), "\"c\"\n");
    assertEquals(List.of("a", "b"), texts("org/set"));
    assertEquals(List.of("c"), texts("org/set:split=test"));
    assertEquals(List.of("c", "a", "b"), texts("org/set:split=test+train:num=3"));
    String said = fault("org/set:split=validation");
    assertTrue(said.contains("validation") && said.contains("test-00000.jsonl"), said);
  }

  @Test
  void whatIsNotReadIsNamed() throws IOException {
    Files.writeString(snapshot.resolve("train-00000-of-00001.parquet"), "PAR1");
    String said = fault("org/set");
    assertEquals(
        "org/set: its data are data/train-00000-of-00001.parquet, and .parquet files are not read;"
            + " make a .jsonl file of it, for example with Python:"
            + " datasets.load_dataset('org/set', split='train').to_json('text.jsonl')",
        said);
    assertTrue(fault("org/other").contains("local hub cache"));
    assertTrue(fault("./none.txt").contains("no such file"));
  }

  /** Programs, pictures and notes beside tables are no data. */
  @Test
  void whatLiesBesideTablesIsNotTakenForThem() throws IOException {
    for (String name : List.of("train-00000.parquet", "train-00001.parquet", "test.jsonl.gz")) {
      Files.writeString(snapshot.resolve(name), "PAR1");
    }
    for (String name : List.of("set.py", "logo.png", "notes.txt", "stats.json", "LICENSE")) {
      Files.writeString(snapshot.resolveSibling(name), "\"one\"\n");
    }
    assertTrue(fault("org/set").contains("data/train-00000.parquet and 1 more"), fault("org/set"));
    assertTrue(fault("org/set:split=test").contains("data/test.jsonl.gz, and .gz files"));
    assertTrue(fault("org/set:split=test").contains("split='test'"));
    assertTrue(fault("org/set:split=dev").contains("notes.txt, stats.json"));
    assertTrue(fault(scratch + "/datasets--org--set").contains("data/train-00000.parquet"));
  }

  @Test
  void aFolderIsReadAsTheHubsAre() throws IOException {
    Path folder = Files.createDirectories(scratch.resolve("own/data"));
    Files.writeString(folder.resolve("train.jsonl"), "\"a\"\n");
    Files.writeString(folder.resolve("test.jsonl"), "\"b\"\n");
    assertEquals(List.of("a"), texts(scratch + "/own"));
    assertEquals(List.of("b"), texts(scratch + "/own:split=test"));
    String said = fault("" + Files.createDirectory(scratch.resolve("nothing")));
    assertTrue(said.contains("there are no data in"), said);
  }

  @Test
  void aFileHasNoSplits() throws IOException {
    Path file = Files.writeString(scratch.resolve("a.jsonl"), "\"a\"\n");
    assertEquals(List.of("a"), texts(file.toString()));
    assertTrue(fault(file + ":split=test").contains("no splits"));
  }
}
