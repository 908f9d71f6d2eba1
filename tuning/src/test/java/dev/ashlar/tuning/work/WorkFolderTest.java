package dev.ashlar.tuning.work;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.BlockwiseQuantization;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.RunListener;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.RunReport;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.UnitReport;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkFolderTest {
  private static final IntegerGrid W3 = new IntegerGrid(3, 32, false);

  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  @TempDir private Path temporary;

  private static BlockwiseQuantization job(Checkpoint source, long seed) {
    return new BlockwiseQuantization(
        Architectures.load(source),
        QuantizationPlan.uniform(W3).withHead(true),
        TinyModel.data(12, 16),
        Methods.named("signround").create(MethodOptions.of(Map.of("iters", "4"))),
        new RunOptions(4, 1, 1, true, seed));
  }

  private static Map<String, QuantizedMatrix> run(
      BlockwiseQuantization job, Optional<WorkFolder> work, RunListener listener) {
    Map<String, QuantizedMatrix> layers = new LinkedHashMap<>();
    job.run(work, layers::put, listener);
    return layers;
  }

  private static void assertSame(Map<String, QuantizedMatrix> a, Map<String, QuantizedMatrix> b) {
    assertEquals(a.keySet(), b.keySet());
    a.forEach(
        (name, q) -> {
          assertEquals(q.scheme(), b.get(name).scheme());
          assertArrayEquals(q.codes().values(), b.get(name).codes().values(), name);
          assertArrayEquals(q.zeroPoints().scales(), b.get(name).zeroPoints().scales(), name);
          assertArrayEquals(q.zeroPoints().zeros(), b.get(name).zeroPoints().zeros(), name);
        });
  }

  @Test
  void anInterruptedRunContinuesToTheSameBytes() throws IOException {
    try (Checkpoint source = TinyModel.open()) {
      Map<String, QuantizedMatrix> unbroken =
          run(job(source, 42), Optional.empty(), RunListener.SILENT);
      for (int killedAfter = 0; killedAfter < 3; killedAfter++) {
        Path folder = temporary.resolve("job" + killedAfter);
        BlockwiseQuantization broken = job(source, 42);
        int limit = killedAfter;
        try (WorkFolder work = WorkFolder.open(folder, broken.job(Map.of()), false)) {
          assertThrows(
              Killed.class,
              () ->
                  run(
                      broken,
                      Optional.of(work),
                      new RunListener() {
                        @Override
                        public void unitFinished(UnitReport r, Optional<Duration> left) {
                          if (r.index() == limit) {
                            throw new Killed();
                          }
                        }
                      }));
        }
        BlockwiseQuantization again = job(source, 42);
        try (WorkFolder work = WorkFolder.open(folder, again.job(Map.of()), false)) {
          Map<String, QuantizedMatrix> layers = new LinkedHashMap<>();
          RunReport report = again.run(Optional.of(work), layers::put, RunListener.SILENT);
          assertSame(unbroken, layers);
          for (UnitReport r : report.units()) {
            assertEquals(r.index() <= limit, r.resumed(), "unit " + r.index());
            assertTrue(r.history().isPresent());
          }
        }
      }
    }
  }

  @Test
  void damagedUnitsAreMadeAgain() throws IOException {
    try (Checkpoint source = TinyModel.open()) {
      BlockwiseQuantization job = job(source, 42);
      try (WorkFolder work = WorkFolder.open(temporary, job.job(Map.of()), false)) {
        Map<String, QuantizedMatrix> first = run(job, Optional.of(work), RunListener.SILENT);
        Path unit = temporary.resolve("unit-0001");
        byte[] whole = Files.readAllBytes(unit);
        for (int at : new int[] {0, 9, whole.length / 2, whole.length - 1}) {
          byte[] damaged = whole.clone();
          damaged[at] ^= 1;
          Files.write(unit, damaged);
          assertSame(first, run(job(source, 42), Optional.of(work), RunListener.SILENT));
          assertArrayEquals(whole, Files.readAllBytes(unit));
        }
        Files.write(unit, Arrays.copyOf(whole, whole.length - 40));
        assertSame(first, run(job(source, 42), Optional.of(work), RunListener.SILENT));
        Files.write(unit, new byte[0]);
        assertSame(first, run(job(source, 42), Optional.of(work), RunListener.SILENT));
      }
    }
  }

  @Test
  void anotherJobOrAnotherRunIsRefused() throws IOException {
    try (Checkpoint source = TinyModel.open()) {
      Job job = job(source, 42).job(Map.of("model", "a"));
      Job other = job(source, 43).job(Map.of("model", "a"));
      assertFalse(job.hash().equals(other.hash()));
      assertEquals(job.hash(), job(source, 42).job(Map.of("model", "a")).hash());
      WorkFolder open = WorkFolder.open(temporary, job, false);
      WorkFolderException busy =
          assertThrows(WorkFolderException.class, () -> WorkFolder.open(temporary, job, false));
      assertTrue(busy.getMessage().contains("another run"), busy.getMessage());
      open.close();
      WorkFolderException foreign =
          assertThrows(WorkFolderException.class, () -> WorkFolder.open(temporary, other, false));
      assertTrue(foreign.getMessage().contains("(seed: 42 → 43)"), foreign.getMessage());
      WorkFolder.open(temporary, other, true).close();
      try (Stream<Path> files = Files.list(temporary)) {
        assertEquals(2, files.count());
      }
      assertEquals(other.json(), Files.readString(temporary.resolve("job.json")));
    }
  }

  @Test
  void differencesAreSettingsAndNotRecords() {
    Job before =
        new Job(
            Map.of(
                "method",
                "signround, iters=200, lr=0.0",
                "seed",
                "42",
                "samples",
                "128",
                "a",
                "\t"));
    Job now =
        new Job(Map.of("method", "signround, iters=50, lr=0.0", "seed", "42", "samples", "64"));
    assertEquals(
        List.of("a: \t → none", "iters: 200 → 50", "samples: 128 → 64"), before.differences(now));
    assertEquals(List.of("method: rtn → gptq"), one("rtn").differences(one("gptq")));
    assertEquals(List.of(), before.differences(before));
    assertEquals(before.hash(), Job.parse(before.json()).orElseThrow().hash());
    Job odd = new Job(Map.of("a \"quoted\" \\ name", "line\nfeed, \u0001 and \\u0041"));
    assertEquals(odd.hash(), Job.parse(odd.json()).orElseThrow().hash());
    for (String text : List.of("", "{}", "{}\n", "null", odd.json() + " ", "{\n  \"a\n}\n")) {
      assertTrue(Job.parse(text).isEmpty(), text);
    }
  }

  private static Job one(String method) {
    return new Job(Map.of("method", method));
  }

  @Test
  void filesOfOthersStay() throws IOException {
    List<String> theirs =
        List.of(
            "notes.tmp", "unit-plan.txt", "unit-0007.bak", ".unit-0000.tmp", "unit-1", "lock.txt");
    for (String name : theirs) {
      Files.writeString(temporary.resolve(name), "theirs");
    }
    Job job = one("rtn");
    try (WorkFolder work = WorkFolder.open(temporary, job, false)) {
      publish(work, 0);
      publish(work, 1);
      assertFalse(work.isEmpty());
    }
    WorkFolder.open(temporary, one("gptq"), true).close();
    assertFalse(Files.exists(temporary.resolve("unit-0000")));
    WorkFolder.remove(temporary);
    try (Stream<Path> files = Files.list(temporary)) {
      assertEquals(
          theirs.stream().sorted().toList(),
          files.map(f -> f.getFileName().toString()).sorted().toList());
    }
    for (String name : theirs) {
      assertEquals("theirs", Files.readString(temporary.resolve(name)));
    }
  }

  private static void publish(WorkFolder work, int index) {
    try (UnitStore.Lease lease = work.lease(index).orElseThrow()) {
      lease.publish("unit", 7, UnitResult.of(Map.of()));
    }
  }

  @Test
  void aFolderWithNothingElseGoesAltogether() {
    Path folder = temporary.resolve("own");
    try (WorkFolder work = WorkFolder.open(folder, one("rtn"), false)) {
      publish(work, 0);
      work.markPublishing();
    }
    assertTrue(WorkFolder.isBegun(folder) && WorkFolder.isPublishing(folder));
    WorkFolder.remove(folder);
    assertFalse(Files.exists(folder));
  }

  /** What fills a disk is in the way of the next try. */
  @Test
  void whatCannotBeWrittenLeavesNothing() throws IOException {
    WorkFiles files = new WorkFiles(temporary);
    Path unit = Files.writeString(temporary.resolve("unit-0000"), "before");
    for (int k : new int[] {0, 1, 1000}) {
      assertThrows(
          IOException.class,
          () ->
              files.publish(
                  unit,
                  out -> {
                    out.write(new byte[k]);
                    throw new IOException("No space left on device");
                  }));
      assertEquals("before", Files.readString(unit));
      try (Stream<Path> left = Files.list(temporary)) {
        assertEquals(List.of(unit), left.toList());
      }
    }
  }

  /** That a result had begun to appear says nothing of another job's. */
  @Test
  void anotherJobHasPublishedNothing() {
    Path folder = temporary.resolve("work");
    try (WorkFolder work = WorkFolder.open(folder, one("rtn"), false)) {
      work.markPublishing();
    }
    WorkFolder.open(folder, one("rtn"), false).close();
    assertTrue(WorkFolder.isPublishing(folder));
    WorkFolder.open(folder, one("gptq"), true).close();
    assertFalse(WorkFolder.isPublishing(folder));
  }

  /** Each name that is needed, taken by something that no run made. */
  @Test
  void whatIsInTheWayIsRefusedAndKept() throws IOException {
    Path outside = Files.writeString(temporary.resolve("outside"), "theirs");
    int number = 0;
    for (String name : List.of("job.json", "unit-0000", "lock", "unit-0000.lease")) {
      for (boolean link : new boolean[] {false, true}) {
        boolean harmless = !link && (name.equals("lock") || name.endsWith(".lease"));
        Path folder = Files.createDirectories(temporary.resolve("w" + number++));
        Path file = folder.resolve(name);
        if (link) {
          Files.createSymbolicLink(file, outside);
        } else {
          Files.writeString(file, "theirs");
        }
        for (boolean restart : new boolean[] {false, true}) {
          if (harmless) {
            use(folder, restart);
          } else {
            WorkFolderException e =
                assertThrows(WorkFolderException.class, () -> use(folder, restart), name);
            assertTrue(e.getMessage().contains(name + ": is in the way"), e.getMessage());
          }
        }
        assertEquals(link, Files.isSymbolicLink(file), name);
        assertEquals("theirs", Files.readString(file), name);
      }
    }
    assertEquals("theirs", Files.readString(outside));
  }

  private static void use(Path folder, boolean restart) {
    try (WorkFolder work = WorkFolder.open(folder, one("rtn"), restart)) {
      if (work.find(0, "unit", 7).isEmpty()) {
        publish(work, 0);
      }
    }
  }
}
