package dev.ashlar.bench.fuzz;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What was found is read in peace, and each reader is fuzzed for a moment; for longer there is
 * {@code bench/proof/fuzz-readers}. A finding becomes a file here, in a folder of the name {@code
 * found-}.
 */
class FuzzReadersTest {
  private static final Path SEEDS = Path.of("src/test/resources/fuzz");
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final int SECONDS = 5;

  /** Of the program; each reader alone has some hundreds at its first inputs. */
  private static final int EDGES = 3000;

  @TempDir Path temp;

  @TestFactory
  List<DynamicTest> readsWhatWasFound() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (FuzzTarget target : FuzzTarget.values()) {
      try (Stream<Path> files = Files.walk(SEEDS)) {
        files
            .filter(Files::isRegularFile)
            .filter(target::takes)
            .forEach(
                file ->
                    tests.add(
                        DynamicTest.dynamicTest(
                            target + " " + SEEDS.relativize(file),
                            () -> assertTimeout(LIMIT, () -> read(target, file)))));
      }
    }
    return tests;
  }

  private void read(FuzzTarget target, Path file) throws IOException {
    FuzzEntry.judged(
        target, Files.readAllBytes(file), Files.createTempDirectory(temp, target.name()));
  }

  /** A reader whose first input is refused at the door would be fuzzed in vain. */
  @ParameterizedTest
  @EnumSource(FuzzTarget.class)
  void hasAnInputThatIsRead(FuzzTarget target) throws IOException {
    boolean read = false;
    try (Stream<Path> files = Files.walk(SEEDS)) {
      for (Path file : files.filter(Files::isRegularFile).filter(target::takes).toList()) {
        try {
          target.read(Files.readAllBytes(file), Files.createTempDirectory(temp, "seed"));
          read = true;
        } catch (InputException e) {
          // A configuration is read where only the weights are missing.
          read |= target == FuzzTarget.CONFIG && e.getMessage().contains("no such tensor");
        }
      }
    }
    assertTrue(read, target + " reads none of " + SEEDS);
  }

  @Test
  void aReaderThatFailsIsFound() {
    byte[] noSentence = "x".getBytes(StandardCharsets.UTF_8);
    assertThrows(
        IllegalStateException.class,
        () ->
            FuzzEntry.judged(
                (data, scratch) -> {
                  throw new InputException("two\nlines");
                },
                noSentence,
                temp));
    assertThrows(
        ArithmeticException.class,
        () ->
            FuzzEntry.judged(
                (data, scratch) -> Math.addExact(Integer.MAX_VALUE, data.length),
                noSentence,
                temp));
  }

  @Test
  void findsNothingInAMoment() throws Exception {
    FuzzReaders.Result result =
        new FuzzReaders(SECONDS, SEEDS, temp).run(List.of(FuzzTarget.values()));
    assertTrue(result.isClean(), result::toString);
    assertFalse(result.covered() < EDGES, () -> "hardly anything was reached: " + result);
  }
}
