package dev.ashlar.formats.layout;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A packed folder with any byte changed either reads or is refused in one sentence. */
class DamagedFoldersTest {
  private static final int TRIES = 400;

  @TempDir Path folder;

  @Test
  void anyByteOfTheWeights() throws IOException, URISyntaxException {
    Path golden = golden();
    byte[] bytes = Files.readAllBytes(golden.resolve("model.safetensors"));
    Files.copy(golden.resolve("config.json"), folder.resolve("config.json"));
    int header = 8 + (bytes[0] & 0xFF | (bytes[1] & 0xFF) << 8);
    damage(bytes, header, "model.safetensors", 11);
    damage(bytes, bytes.length, "model.safetensors", 12);
  }

  @Test
  void anyByteOfTheConfiguration() throws IOException, URISyntaxException {
    Path golden = golden();
    Files.copy(golden.resolve("model.safetensors"), folder.resolve("model.safetensors"));
    byte[] bytes = Files.readAllBytes(golden.resolve("config.json"));
    damage(bytes, bytes.length, "config.json", 13);
  }

  private static Path golden() throws URISyntaxException {
    return Path.of(
        DamagedFoldersTest.class
            .getResource("/layout/exports/llama-w3g32asym-it0/auto_gptq")
            .toURI());
  }

  private void damage(byte[] whole, int limit, String name, long seed) throws IOException {
    Random random = new Random(seed);
    for (int i = 0; i < TRIES; i++) {
      byte[] bytes = whole.clone();
      int at = random.nextInt(limit);
      bytes[at] = (byte) random.nextInt(256);
      Files.write(folder.resolve(name), bytes);
      try (Checkpoint checkpoint = Checkpoints.open(folder)) {
        checkpoint.quantizedNames().forEach(checkpoint::quantized);
      } catch (InputException e) {
        assertTrue(e.getMessage().startsWith(folder.toString()), e.getMessage());
      }
    }
  }
}
