package dev.ashlar.io.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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

/** Files are whole or absent, and those of others stay as they are. */
class AtomicFileTest {
  @TempDir Path folder;

  private List<String> names() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void aFileIsReplacedAtOnceAndNothingElseIsLeft() throws IOException {
    Path file = folder.resolve("config.json");
    AtomicFile.write(file, "one");
    AtomicFile.write(file, "two");
    AtomicFile.copy(file, folder.resolve("copy"));
    assertEquals("two", Files.readString(folder.resolve("copy")));
    assertEquals(List.of("config.json", "copy"), names());
    AtomicFile.write(folder.resolve("n".repeat(250)), "long names too");
  }

  @Test
  void aLinkAtTheFinalNameIsReplacedAndNotFollowed() throws IOException {
    Path victim = Files.writeString(folder.resolve("victim"), "theirs");
    Path file = Files.createSymbolicLink(folder.resolve("config.json"), victim);
    AtomicFile.write(file, "ours");
    assertEquals("theirs", Files.readString(victim));
    assertFalse(Files.isSymbolicLink(file));
    assertEquals("ours", Files.readString(file));
  }

  @Test
  void temporaryNamesCannotBeForetold() throws IOException {
    Path file = folder.resolve("model.safetensors");
    AtomicFile.Temporary a = AtomicFile.create(file);
    AtomicFile.Temporary b = AtomicFile.create(file);
    a.channel().close();
    b.channel().close();
    assertFalse(a.path().equals(b.path()));
    assertTrue(AtomicFile.isTemporary(a.path().getFileName().toString()));
  }

  @Test
  void onlyWhatARunLeftIsRemoved() throws IOException {
    List<String> foreign =
        List.of(
            ".model.safetensors.ashlar-part",
            ".model-shard-00001.spool.ashlar-part",
            ".model-" + "0".repeat(40) + ".ashlar-part",
            "model.tmp",
            "x.ashlar-part");
    for (String name : foreign) {
      Files.writeString(folder.resolve(name), "theirs");
    }
    AtomicFile.Temporary left = AtomicFile.create(folder.resolve("model.safetensors"));
    AtomicFile.Temporary other = AtomicFile.create(folder.resolve("other.safetensors"));
    left.channel().close();
    other.channel().close();
    assertTrue(AtomicFile.removeStale(folder, "model"));
    assertFalse(Files.exists(left.path()));
    assertTrue(Files.exists(other.path()));
    assertTrue(AtomicFile.removeStale(folder, ""));
    assertFalse(AtomicFile.removeStale(folder, ""));
    assertEquals(foreign.stream().sorted().toList(), names());
  }

  @Test
  void aLinkUnderATemporaryNameIsLeft() throws IOException {
    Path victim = Files.writeString(folder.resolve("victim"), "theirs");
    AtomicFile.Temporary left = AtomicFile.create(folder.resolve("model"));
    left.channel().close();
    Files.delete(left.path());
    Files.createSymbolicLink(left.path(), victim);
    assertFalse(AtomicFile.removeStale(folder, ""));
    assertEquals("theirs", Files.readString(victim));
  }

  @Test
  void faultsSayWhyAndThePathOnce() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    String message =
        assertThrows(InputException.class, () -> AtomicFile.write(file.resolve("below"), "content"))
            .getMessage();
    assertEquals(message.indexOf(file.toString()), message.lastIndexOf(file.toString()), message);
    Path taken = Files.createDirectories(folder.resolve("taken/full"));
    assertThrows(InputException.class, () -> AtomicFile.write(taken.getParent(), "content"));
    assertEquals(List.of("file", "taken"), names());
  }
}
