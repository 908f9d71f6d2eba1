package dev.ashlar.bench.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was recorded, and what counts as slower. */
class RecordsTest {
  @TempDir Path temp;

  @Test
  void aMachinesFiguresTakeThePlaceOfItsOldOnes() throws IOException {
    Path file = temp.resolve("guard.tsv");
    Files.writeString(
        file, "arm 128\ta\t7.0\t6.0\t8.0\nx86 256\ta\t1.0\t0.9\t1.2\nx86 256\told\t3\t3\t3\n");
    Records records = Records.read(file, "x86 256");
    assertEquals(Optional.of(1.0), records.of("a"));
    assertEquals(Optional.empty(), records.of("b"));
    records.with(List.of(new Guard.Measured("a", 2, 1.5, 2.5))).write();
    assertEquals(
        "arm 128\ta\t7.0\t6.0\t8.0\nx86 256\ta\t2.0000\t1.5000\t2.5000\n",
        Files.readString(file).replace(System.lineSeparator(), "\n"));
  }

  @Test
  void noFileIsNoRecord() throws IOException {
    assertEquals(Optional.empty(), Records.read(temp.resolve("none"), "x86 256").of("a"));
  }

  @Test
  void slowerIsMoreThanATenthInAllRounds() {
    assertTrue(Guard.isSlower(new Guard.Measured("a", 1.2, 1.1, 1.3), 1.0));
    assertFalse(Guard.isSlower(new Guard.Measured("a", 1.05, 1.01, 1.3), 1.0));
    // As slow as that in one round only: the machine did something else.
    assertFalse(Guard.isSlower(new Guard.Measured("a", 1.2, 0.98, 1.3), 1.0));
  }
}
