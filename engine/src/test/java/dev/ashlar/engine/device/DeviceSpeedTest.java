package dev.ashlar.engine.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.FakeDevice;
import dev.ashlar.engine.device.DeviceSpeed.Seconds;
import dev.ashlar.engine.device.DeviceSpeed.Size;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.device.DeviceException;
import dev.ashlar.nn.device.Devices;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is measured of a device, kept, and made of it. */
class DeviceSpeedTest {
  private static final Map<String, String> HERE = Map.of("the driver", "1.0", "the JVM", "25");

  /** Slower at small blocks, faster at large ones. */
  private static final DeviceSpeed MIXED =
      new DeviceSpeed(
          "fake:0",
          HERE,
          List.of(
              new Size(1_000_000, 1, new Seconds(0.002, 0.001), new Seconds(0.002, 0.001)),
              new Size(100_000_000, 2, new Seconds(0.004, 0.1), new Seconds(0.003, 0.1))));

  @TempDir Path scratch;

  private static ModelWeights blocks(int count, long weights, long head) {
    return new ModelWeights(Collections.nCopies(count, weights), head, 1);
  }

  private static boolean pays(long weights, long read, long written, boolean begun) {
    return MIXED.pays(blocks(10, weights, 1_000_000), new Workload(read, written), begun);
  }

  @Test
  void theSizeAtHandDecides() {
    assertTrue(MIXED.gains());
    assertFalse(pays(1_000_000, 1000, 1000, true));
    assertTrue(pays(100_000_000, 1000, 1000, true));
    assertTrue(pays(400_000_000, 1000, 1000, true));
    // A tenth of the smallest is no sooner started on a device, and sooner done by a processor.
    assertFalse(pays(100_000, 1000, 1000, true));
    // Between: 1 + 99 ms · share by the processor, 2 + 2 ms · share there, the same at 1 of 97.
    long same = 1_000_000 + 99_000_000 / 97;
    assertFalse(pays(same - 200_000, 0, 1000, true));
    assertTrue(pays(same + 200_000, 0, 1000, true));
  }

  @Test
  void theStartHasToBeWonBack() {
    // Ten blocks take 20 s to start, and a token is 0.96 s sooner there.
    assertFalse(pays(100_000_000, 0, 20, false));
    assertTrue(pays(100_000_000, 0, 22, false));
    assertTrue(pays(100_000_000, 0, 1, true));
    assertTrue(pays(100_000_000, 22, 0, false));
    assertFalse(pays(100_000_000, 0, 0, false));
  }

  @Test
  void theHeadOfTokensThatAreWrittenCounts() {
    ModelWeights large = new ModelWeights(List.of(1_000_000L), 100_000_000, 1);
    assertTrue(MIXED.pays(large, new Workload(0, 10), true));
    assertFalse(MIXED.pays(large, new Workload(10, 0), true));
  }

  @Test
  void oneThatIsSlowerAtAllGainsNowhere() {
    Size slow = new Size(1, 0, new Seconds(2, 1), new Seconds(2, 1));
    assertFalse(new DeviceSpeed("fake:0", HERE, List.of(slow)).gains());
    Size prompts = new Size(1, 0, new Seconds(2, 1), new Seconds(1, 2));
    assertTrue(new DeviceSpeed("fake:0", HERE, List.of(prompts)).gains());
  }

  @Test
  void whatChangedIsNamed() {
    assertEquals(List.of(), MIXED.differences(HERE));
    assertEquals(
        List.of("the driver was 1.0 and is 1.1"),
        MIXED.differences(Map.of("the driver", "1.1", "the JVM", "25")));
    assertEquals(
        List.of("the JVM was 25 and is none", "the SDK was none and is 6"),
        MIXED.differences(Map.of("the driver", "1.0", "the SDK", "6")));
  }

  @Test
  void itIsKept() throws IOException {
    Path file = scratch.resolve("a/b/speed.json");
    assertEquals(Optional.empty(), SpeedFile.read(file));
    SpeedFile.write(file, MIXED);
    assertEquals(Optional.of(MIXED), SpeedFile.read(file));
    // What the launcher looks for.
    assertTrue(Files.readString(file).contains("\"gains\": true"));
    SpeedFile.write(file, new DeviceSpeed("fake:1", Map.of(), MIXED.sizes()));
    assertEquals("fake:1", SpeedFile.read(file).orElseThrow().device());
  }

  @Test
  void aFileThatIsDamagedOrAnothersIsNone() throws IOException {
    Path file = scratch.resolve("speed.json");
    SpeedFile.write(file, MIXED);
    String whole = Files.readString(file);
    List<String> damaged =
        new ArrayList<>(
            List.of(
                "",
                "[]",
                "{}",
                "\0\1",
                whole.substring(0, whole.length() / 2),
                whole.replace("speed 1", "speed 2"),
                whole.replace("0.002", "-0.002"),
                whole.replace("0.002", "\"soon\""),
                whole.replace("0.002", "1e999"),
                whole.replace("\"weights\": 1000000,", ""),
                whole.replace("\"device\": \"fake:0\"", "\"device\": 7"),
                whole.replace("1000000,", "1000000000,"),
                whole.replace("\"sizes\": [", "\"sizes\": 1, \"others\": [")));
    for (String text : damaged) {
      assertFalse(text.equals(whole));
      Files.writeString(file, text);
      assertEquals(Optional.empty(), SpeedFile.read(file), text);
    }
    assertEquals(Optional.empty(), SpeedFile.read(scratch));
  }

  private static final long CALM = 50_000_000;
  private static final long ROUNDS = 200_000_000;

  private static final List<TrialWeights> SMALL =
      List.of(new TrialWeights(64, 4, 2, 16, 128, 2), new TrialWeights(256, 4, 2, 64, 512, 1));

  @Test
  void aDeviceIsMeasuredBesideTheProcessor() {
    FakeDevice fake = new FakeDevice();
    DeviceName name = DeviceName.of("fake:1", new Devices(List.of(fake))).orElseThrow();
    fake.change =
        t -> {
          sleep();
          return t;
        };
    List<String> notes = new ArrayList<>();
    DeviceSpeed slow = SpeedTrial.of(name, SMALL, CALM, ROUNDS, notes::add);
    assertEquals("fake:1", slow.device());
    assertEquals(Surroundings.of(name), slow.measuredOn());
    assertEquals(
        SMALL.stream().map(TrialWeights::blockWeights).toList(),
        slow.sizes().stream().map(Size::weights).toList());
    assertFalse(slow.gains(), slow.toString());
    assertEquals(List.of(), notes);
    assertEquals(2, fake.opened.size());
    fake.change = t -> t;
    fake.remembers = true;
    DeviceSpeed fast = SpeedTrial.of(name, SMALL, CALM, ROUNDS, notes::add);
    assertTrue(fast.sizes().getLast().token().gains(), fast.toString());
    assertTrue(fast.sizes().getLast().prompt().gains(), fast.toString());
  }

  private static void sleep() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aDeviceThatComputesSomethingElseOrIsNotThereIsNotMeasured() {
    FakeDevice fake = new FakeDevice();
    DeviceName name = DeviceName.of("fake", new Devices(List.of(fake))).orElseThrow();
    fake.change =
        t -> {
          t.data()[0] += 10;
          return t;
        };
    String said =
        assertThrows(DeviceException.class, () -> SpeedTrial.of(name, SMALL, CALM, ROUNDS, s -> {}))
            .getMessage();
    assertTrue(said.contains("something else than the processor"), said);
    fake.refusal = Optional.of("none of these");
    assertEquals(
        "none of these",
        assertThrows(DeviceException.class, () -> SpeedTrial.of(name, SMALL, CALM, ROUNDS, s -> {}))
            .getMessage());
    fake.absent = Optional.of("unplugged");
    assertThrows(InputException.class, () -> SpeedTrial.of(name, SMALL, CALM, ROUNDS, s -> {}));
  }

  @Test
  void whatLargeBlocksFailAtIsLeftOut() {
    FakeDevice fake = new FakeDevice();
    DeviceName name = DeviceName.of("fake", new Devices(List.of(fake))).orElseThrow();
    fake.change =
        t -> {
          if (t.dim(1) > 64) {
            throw new DeviceException("no room");
          }
          return t;
        };
    List<String> notes = new ArrayList<>();
    assertEquals(1, SpeedTrial.of(name, SMALL, CALM, ROUNDS, notes::add).sizes().size());
    assertEquals(List.of("blocks of 1 million weights are not measured: no room"), notes);
  }
}
