package dev.ashlar.tornado.runner;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Decoders that a device has no room for: first blocks there, the others on the processor. */
class DevicePlacementTest {
  private static DeviceRunner.Options within(long bytes) {
    return new DeviceRunner.Options(256, 32, false, bytes);
  }

  /** From all of it down to less than a block, a byte too little for what was there at a time. */
  @ParameterizedTest
  @ValueSource(strings = {"gemma2_bf16", "mixtral", "gpt2_scale_by_layer"})
  void everySplitGivesTheSame(String name) throws IOException {
    try (WeightSource source = Checkpoints.open(DeviceRunnerTest.MODELS.resolve(name))) {
      DecoderSpec spec = Architectures.spec(source);
      int blocks = spec.blocks().size();
      Set<Integer> seen = new HashSet<>();
      List<String> placements = new ArrayList<>();
      long room = 0;
      while (true) {
        try (DeviceRunner device = DeviceRunner.open(spec, source, within(room))) {
          assertTrue(room == 0 || device.deviceBytes() <= room);
          seen.add(device.blocksOnDevice());
          placements.add(device.placement());
          // Logits of many rows at a time take room of their own, if there is some.
          long least = device.deviceBytes();
          DeviceRunnerTest.same(DeviceRunnerTest.processor(source), device, 39);
          assertTrue(room == 0 || device.deviceBytes() <= room);
          room = least - 1;
        } catch (IllegalArgumentException e) {
          assertTrue(e.getMessage().startsWith("the first block of the model takes "));
          assertTrue(e.getMessage().endsWith(" and " + room + " are allowed"), e.getMessage());
          break;
        }
      }
      for (int n = 1; n <= blocks; n++) {
        assertTrue(seen.contains(n), n + " of the blocks on the device: " + placements);
      }
      String all = "blocks 0–" + (blocks - 1) + " on the device, the head on the ";
      assertEquals(all + "device", placements.getFirst());
      assertEquals(all + "processor", placements.get(1));
      assertTrue(
          placements.getLast().startsWith("block 0 on the device, block"), placements.getLast());
      assertTrue(placements.getLast().contains(" on the processor, the head on the "));
    }
  }

  @Test
  void aLimitIsNoNegativeNumber() {
    assertThrows(IllegalArgumentException.class, () -> within(-1));
  }
}
