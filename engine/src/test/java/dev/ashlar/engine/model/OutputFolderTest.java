package dev.ashlar.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.file.FolderLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFolderTest {
  @TempDir Path scratch;

  @Test
  void aFolderMadeForNothingIsRemoved() throws IOException {
    Path path = scratch.resolve("deep/down");
    try (OutputFolder folder = OutputFolder.claim(path, false)) {
      assertEquals(path, folder.path());
      assertTrue(Files.isDirectory(path));
    }
    assertFalse(Files.exists(path));
    try (OutputFolder folder = OutputFolder.claim(path, false)) {
      Files.createFile(folder.path().resolve("model"));
    }
    assertTrue(Files.exists(path.resolve("model")));
  }

  @Test
  void whatIsInAFolderIsReplacedOnlyIfThatIsWanted() throws IOException {
    Files.createFile(scratch.resolve("model"));
    assertTrue(fault(scratch).contains("not empty"));
    try (OutputFolder folder = OutputFolder.claim(scratch, true)) {
      assertEquals(scratch, folder.path());
    }
    Path file = Files.createFile(scratch.resolve("file"));
    assertTrue(fault(file).contains("is a file"));
    assertTrue(fault(file.resolve("below")).contains("give another"));
  }

  @Test
  void onlyOneMayFillAFolder() {
    try (OutputFolder folder = OutputFolder.claim(scratch, false)) {
      assertThrows(InputException.class, () -> OutputFolder.claim(folder.path(), false));
    }
    OutputFolder.claim(scratch, false).close();
  }

  /** Whatever locks a run has there, and wherever its formats go, its files are not stale. */
  @Test
  void aLivingRunsFilesStay() throws IOException {
    for (String place : List.of(".", "gguf", "auto_gptq", "gguf-q8_0")) {
      for (String lock : List.of("model", "gguf", "output")) {
        Path folder = Files.createDirectories(scratch.resolve("of-" + lock).resolve(place));
        AtomicFile.Temporary theirs = AtomicFile.create(folder.resolve("m.spool"));
        theirs.channel().close();
        FolderLock held = FolderLock.take(folder, lock);
        try {
          String message =
              assertThrows(
                      InputException.class,
                      () -> OutputFolder.claim(scratch.resolve("of-" + lock), true))
                  .getMessage();
          assertTrue(message.contains("being written by another run"), message);
          assertTrue(Files.exists(theirs.path()), folder + " " + lock);
        } finally {
          held.close();
        }
        OutputFolder.claim(scratch.resolve("of-" + lock), true).close();
        assertFalse(Files.exists(theirs.path()), folder + " " + lock);
      }
    }
  }

  private static String fault(Path path) {
    return assertThrows(InputException.class, () -> OutputFolder.claim(path, false)).getMessage();
  }
}
