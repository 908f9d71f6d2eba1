package dev.ashlar.formats;

import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.gguf.TinyGguf;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.io.InputException;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One byte changed, cut or repeated anywhere: a checkpoint opens or fails as it should. */
class FaultyBytesTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int[] FLIPS = {0x01, 0x80, 0x20, 0xFF, 0x04};

  /** No header here is longer; any bytes are legal data. */
  private static final int HEADERS = 1800;

  @TempDir Path temp;

  @Test
  void safetensors() throws IOException {
    try (SafetensorsWriter w = SafetensorsWriter.inFolder(temp)) {
      w.floats("model.a", DType.F32, Tensor.zeros(2, 3));
      w.floats("b", DType.BF16, Tensor.zeros(4));
      w.ints("c", Shape.of(2), new int[] {1, 2});
      w.finish();
    }
    Files.writeString(temp.resolve("config.json"), "{}");
    everyFault(temp.resolve("model.safetensors"), temp);
  }

  @Test
  void gguf() {
    Path file = TinyGguf.write(temp.resolve("m.gguf"));
    everyFault(file, file);
  }

  @Test
  void configurationsAndIndices() throws IOException {
    try (SafetensorsWriter w = SafetensorsWriter.inFolder(temp, 10)) {
      w.floats("a", DType.F32, Tensor.zeros(3));
      w.floats("b", DType.F32, Tensor.zeros(3));
      w.finish();
    }
    Path config = temp.resolve("config.json");
    Files.writeString(config, JsonWriter.pretty(Map.of("hidden_size", 8, "eps", 1e-5)));
    everyFault(config, temp);
    everyFault(temp.resolve("model.safetensors.index.json"), temp);
  }

  private static void everyFault(Path file, Path checkpoint) {
    assertTimeout(
        LIMIT,
        () -> {
          byte[] good = Files.readAllBytes(file);
          open(checkpoint, "unchanged");
          for (int i = 0; i < Math.min(good.length, HEADERS); i++) {
            int flip = FLIPS[i % FLIPS.length];
            byte[] bad = good.clone();
            bad[i] ^= (byte) flip;
            Files.write(file, bad);
            open(checkpoint, "byte " + i + " xor " + flip);
            if (good.length > 1000 && i % 4 != 0) {
              continue;
            }
            Files.write(file, Arrays.copyOf(good, i));
            open(checkpoint, "cut to " + i);
            byte[] longer = Arrays.copyOf(good, good.length + 1);
            System.arraycopy(good, i, longer, i + 1, good.length - i);
            Files.write(file, longer);
            open(checkpoint, "byte " + i + " twice");
          }
          Files.write(file, good);
        });
  }

  private static void open(Path path, String fault) {
    try (Checkpoint c = Checkpoints.open(path)) {
      assertTrue(c.config() != null);
      for (String name : c.names()) {
        BadInputsTest.readAll(c.tensor(name));
      }
    } catch (InputException e) {
      assertTrue(e.getMessage().startsWith(path.toString()), fault + ": " + e.getMessage());
    } catch (RuntimeException | Error e) {
      throw new AssertionError(fault, e);
    }
  }
}
