package dev.ashlar.io.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {
  @TempDir Path folder;

  private String refused() {
    return assertTimeoutPreemptively(
        Duration.ofSeconds(10),
        () ->
            assertThrows(InputException.class, () -> FolderLock.take(folder, "model"))
                .getMessage());
  }

  @Test
  void oneHolderAtATimeAndNothingIsLeft() {
    FolderLock held = FolderLock.take(folder, "model");
    assertTrue(FolderLock.isThere(folder, "model"));
    assertTrue(refused().contains("another run"));
    held.close();
    assertFalse(FolderLock.isThere(folder, "model"));
    FolderLock.take(folder, "model").close();
  }

  @Test
  void whatAKilledRunLeftIsTaken() throws IOException {
    Path file = folder.resolve(".model.ashlar-lock");
    Files.writeString(file, "a lock of ashlar\n");
    FolderLock.take(folder, "model").close();
    assertFalse(Files.exists(file));
    Files.createFile(file);
    FolderLock.take(folder, "model").close();
    assertFalse(Files.exists(file));
  }

  @Test
  void whatIsNoLockStays() throws IOException {
    Path file = folder.resolve(".model.ashlar-lock");
    Path victim = Files.writeString(folder.resolve("victim"), "");
    Files.createSymbolicLink(file, victim);
    assertTrue(refused().contains("in the way"));
    assertTrue(Files.isSymbolicLink(file));
    assertEquals("", Files.readString(victim));
    Files.delete(file);
    Files.createSymbolicLink(file, folder.resolve("nowhere"));
    assertTrue(refused().contains("in the way"));
    assertFalse(Files.exists(folder.resolve("nowhere")));
    Files.delete(file);
    Files.writeString(file, "somebody's notes");
    assertTrue(refused().contains("in the way"));
    assertEquals("somebody's notes", Files.readString(file));
    Files.delete(file);
    Special.pipe(file);
    assertTrue(refused().contains("in the way"));
  }

  /** Whoever lets go removes the file, which another may have opened but not locked yet. */
  @Test
  void neverTwoHoldersHoweverTheyMeet() throws Exception {
    AtomicInteger holders = new AtomicInteger();
    AtomicInteger taken = new AtomicInteger();
    AtomicReference<Throwable> fault = new AtomicReference<>();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < 1500 && fault.get() == null; i++) {
                      try {
                        FolderLock held = FolderLock.take(folder, "model");
                        assertEquals(1, holders.incrementAndGet());
                        taken.incrementAndGet();
                        Thread.yield();
                        holders.decrementAndGet();
                        held.close();
                      } catch (InputException e) {
                        Thread.onSpinWait();
                      } catch (Throwable e) {
                        fault.set(e);
                      }
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertNull(fault.get(), () -> fault.get().toString());
    assertTrue(taken.get() > 100, taken + " times");
    assertFalse(FolderLock.isThere(folder, "model"));
  }
}
