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
    Files.writeString(file, "arm 128\ta\t7.0\t8.0\nx86 256\ta\t1.0\t1.2\nx86 256\told\t3\t3\n");
    Records records = Records.read(file, "x86 256");
    assertEquals(Optional.of(new Guard.Measured("a", 1, 1.2)), records.of("a"));
    assertEquals(Optional.empty(), records.of("b"));
    records.with(List.of(new Guard.Measured("a", 2, 2.5))).write();
    assertEquals(
        "arm 128\ta\t7.0\t8.0\nx86 256\ta\t2.0000\t2.5000\n",
        Files.readString(file).replace(System.lineSeparator(), "\n"));
  }

  @Test
  void noFileIsNoRecord() throws IOException {
    assertEquals(Optional.empty(), Records.read(temp.resolve("none"), "x86 256").of("a"));
  }

  @Test
  void slowerIsMoreThanATenthAtBestAndInTheMiddle() {
    Guard.Measured before = new Guard.Measured("a", 1, 1.5);
    assertTrue(Guard.isSlower(new Guard.Measured("a", 1.2, 1.7), before));
    assertFalse(Guard.isSlower(new Guard.Measured("a", 1.05, 1.9), before));
    // As slow as that only in some rounds: the machine did something else.
    assertFalse(Guard.isSlower(new Guard.Measured("a", 1.2, 1.6), before));
  }
}
