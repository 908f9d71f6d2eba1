package dev.ashlar.engine.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.Fixtures;
import dev.ashlar.engine.Quantization;
import dev.ashlar.engine.job.Cancellation;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.io.AshlarException;
import dev.ashlar.io.file.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run replaces and removes what runs made, and nothing else. */
class OwnFilesTest {
  @TempDir Path temp;
  private Path model;

  @BeforeEach
  void copyModel() throws IOException {
    model = Fixtures.copy(Fixtures.LLAMA, temp.resolve("model"));
  }

  private Quantization quick(Path output) {
    return Fixtures.quick(output);
  }

  /** Everything below a folder, by name and bytes. */
  private static Map<String, Integer> content(Path folder) throws IOException {
    Map<String, Integer> content = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path p : all.toList()) {
        boolean file = Files.isRegularFile(p);
        content.put(folder.relativize(p) + "", file ? Arrays.hashCode(Files.readAllBytes(p)) : 0);
      }
    }
    return content;
  }

  @Test
  void theSourceStaysAsItIs() throws IOException {
    Map<String, Integer> before = content(temp);
    Path link = temp.resolve("link");
    for (Path output : List.of(model, model.resolve("in"), temp.resolve("model/../model"))) {
      Quantization run = Fixtures.quick(model, output).overwriting();
      assertThrows(AshlarException.class, run::run, output.toString());
      assertEquals(before, content(temp));
    }
    Files.createSymbolicLink(link, model);
    before = content(temp);
    Quantization run = Fixtures.quick(model, link).overwriting();
    assertThrows(AshlarException.class, run::run);
    Path named = Files.createDirectories(temp.resolve("both"));
    Fixtures.copy(model, named.resolve("auto_gptq"));
    before = content(temp);
    Quantization several =
        Fixtures.quick(named.resolve("auto_gptq"), named)
            .formats("auto_round", "auto_gptq")
            .overwriting();
    assertThrows(AshlarException.class, several::run);
    assertEquals(before, content(temp));
    for (Path work : List.of(model, model.resolve("in"), link)) {
      Quantization kept = Fixtures.quick(model, temp.resolve("out")).workFolder(work);
      assertThrows(AshlarException.class, kept::run);
      assertEquals(before, content(temp));
    }
  }

  @Test
  void filesOfOthersStayInOutputAndWorkFolder() throws IOException {
    Path work = Files.createDirectories(temp.resolve("work"));
    Path output = Files.createDirectories(temp.resolve("out"));
    for (String name : List.of("a.tmp", "unit-notes", "unit-0000.txt", "lock.tmp")) {
      Files.writeString(work.resolve(name), "theirs");
    }
    for (String name : List.of(".hidden", ".model.ashlar-part", ".x.tmp")) {
      Files.writeString(output.resolve(name), "theirs");
    }
    quick(output).workFolder(work).run();
    quick(output).workFolder(work).samples(3).restarting().overwriting().run();
    for (Path folder : List.of(work, output)) {
      try (Stream<Path> files = Files.list(folder)) {
        long theirs = files.filter(Files::isRegularFile).filter(f -> holds(f, "theirs")).count();
        assertEquals(folder.equals(work) ? 4 : 3, theirs);
      }
    }
  }

  private static boolean holds(Path file, String text) {
    try {
      return Files.size(file) == text.length() && Files.readString(file).equals(text);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void linksThatNobodyNamedAreRefused() throws IOException {
    Path elsewhere = Files.createDirectories(temp.resolve("elsewhere"));
    for (String name : List.of(".ashlar-work", "auto_gptq", ".output.ashlar-lock")) {
      Path output = Files.createDirectories(temp.resolve("out" + name));
      Files.createSymbolicLink(output.resolve(name), elsewhere);
      Quantization run = quick(output).formats("auto_round", "auto_gptq").overwriting();
      assertThrows(AshlarException.class, run::run, name);
      assertEquals(Map.of("", 0), content(elsewhere), name);
      try (Stream<Path> left = Files.list(output)) {
        assertEquals(List.of(output.resolve(name)), left.toList());
      }
    }
  }

  /** Ends a run when its first block is finished, as a kill would, but for what is closed. */
  private void interrupted(Quantization run) {
    Cancellation wish = new Cancellation();
    JobListener listener =
        new JobListener() {
          @Override
          public Stage begin(String label, double total) {
            return new Stage() {
              @Override
              public void at(double done, double left, String detail) {
                if (detail.contains("block 2")) {
                  wish.cancel();
                }
              }
            };
          }
        };
    assertThrows(CancellationException.class, () -> run.listener(listener).cancelledBy(wish).run());
  }

  @Test
  void aConflictIsSaidBeforeAnythingIsMeasured() throws IOException {
    Path output = temp.resolve("out");
    interrupted(quick(output));
    assertTrue(Files.exists(output.resolve(".ashlar-work/unit-0000")));
    JobListener measuring =
        new JobListener() {
          @Override
          public void estimated(int layers, String method, Duration time) {
            throw new AssertionError("measured before the conflict was found");
          }
        };
    Quantization other = quick(output).option("iters", 4).seed(7).listener(measuring);
    String message = assertThrows(AshlarException.class, other::run).getMessage();
    assertTrue(message.contains("iters: 3 → 4, seed: 42 → 7"), message);
    assertTrue(message.contains("--restart"), message);
    assertFalse(message.contains("["), message);
    assertTrue(Files.exists(output.resolve(".ashlar-work/unit-0000")));
    quick(output).option("iters", 4).seed(7).restarting().run();
    assertFalse(Files.exists(output.resolve(".ashlar-work")));
  }

  /** A kill leaves temporary files and locks where its formats go; another choice removes them. */
  @Test
  void anotherFormatOnResumingLeavesNothingOfTheFirst() throws IOException {
    Path output = temp.resolve("out");
    interrupted(quick(output));
    Path gptq = Files.createDirectories(output.resolve("auto_gptq"));
    Path packing = Files.createDirectories(output.resolve("auto_round-auto_awq"));
    for (Path place : List.of(output, gptq, packing)) {
      AtomicFile.create(place.resolve("model-shard-00001.spool")).channel().close();
      Files.writeString(place.resolve(".model.ashlar-lock"), "a lock of ashlar\n");
    }
    Files.createFile(output.resolve(".output.ashlar-lock"));
    quick(output).run();
    Path whole = temp.resolve("whole");
    quick(whole).run();
    Fixtures.assertSameFolder(whole, output);
  }

  @Test
  void aRunThatFailsAtOnceLeavesNothing() throws IOException {
    Path output = temp.resolve("deep/out");
    Quantization run =
        quick(output)
            .listener(
                new JobListener() {
                  @Override
                  public void estimated(int layers, String method, Duration time) {
                    throw new IllegalStateException("as if it failed");
                  }
                });
    assertThrows(IllegalStateException.class, run::run);
    assertFalse(Files.exists(output));
  }

  /** What somebody put into the folder of an interrupted run is not a part of it. */
  @Test
  void whatAppearsMeanwhileIsNotReplaced() throws IOException {
    Path output = temp.resolve("out");
    interrupted(quick(output));
    Path theirs = Files.writeString(output.resolve("config.json"), "theirs");
    assertThrows(AshlarException.class, quick(output)::run);
    assertEquals("theirs", Files.readString(theirs));
    Files.delete(theirs);
    quick(output).run();
  }
}
