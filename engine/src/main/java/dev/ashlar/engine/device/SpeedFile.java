package dev.ashlar.engine.device;

import dev.ashlar.engine.device.DeviceSpeed.Seconds;
import dev.ashlar.engine.device.DeviceSpeed.Size;
import dev.ashlar.engine.model.UserCache;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Where a measurement of a device is kept: one file in the user's cache, the last one measured. The
 * launcher looks for {@code "gains": true} in it before it starts java with a device.
 */
public final class SpeedFile {
  /** Other programs' files, and those of another meaning, are none. */
  private static final String FORMAT = "ashlar device speed 1";

  private static final long LARGEST = 1 << 20;

  private SpeedFile() {}

  /** {@code device-speed.json} in the {@linkplain UserCache user's cache}. */
  public static Path ofUser() {
    return UserCache.folder().resolve("device-speed.json");
  }

  /** What a file holds; empty if there is none, or it is damaged or another program's. */
  public static Optional<DeviceSpeed> read(Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      Map<String, Object> all = Json.readObject(file, LARGEST);
      if (!FORMAT.equals(all.get("format"))) {
        return Optional.empty();
      }
      List<Size> sizes = new ArrayList<>();
      for (Object size : (List<?>) all.get("sizes")) {
        Map<?, ?> s = (Map<?, ?>) size;
        sizes.add(
            new Size(
                (Long) s.get("weights"),
                (Double) s.get("startSeconds"),
                seconds(s.get("tokenSeconds")),
                seconds(s.get("promptSeconds"))));
      }
      Map<String, String> on = new TreeMap<>();
      ((Map<?, ?>) all.get("measuredOn")).forEach((k, v) -> on.put((String) k, (String) v));
      return Optional.of(new DeviceSpeed((String) all.get("device"), on, sizes));
    } catch (InputException
        | ClassCastException
        | NullPointerException
        | IllegalArgumentException e) {
      // Only a cache: measuring anew replaces it.
      return Optional.empty();
    }
  }

  private static Seconds seconds(Object pair) {
    Map<?, ?> p = (Map<?, ?>) pair;
    return new Seconds((Double) p.get("device"), (Double) p.get("processor"));
  }

  /**
   * Keeps a measurement in place of the one before.
   *
   * @throws InputException if the file cannot be written
   */
  public static void write(Path file, DeviceSpeed speed) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("format", FORMAT);
    all.putAll(facts(speed));
    try {
      AtomicFile.createFolders(file.toAbsolutePath().getParent());
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(file, e);
    }
    AtomicFile.write(file, JsonWriter.pretty(all));
  }

  /** A measurement as plain values. */
  public static Map<String, Object> facts(DeviceSpeed speed) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("device", speed.device());
    all.put("gains", speed.gains());
    all.put("measuredOn", new TreeMap<>(speed.measuredOn()));
    List<Object> sizes = new ArrayList<>();
    for (Size s : speed.sizes()) {
      Map<String, Object> size = new LinkedHashMap<>();
      size.put("weights", s.weights());
      size.put("startSeconds", s.start());
      size.put("tokenSeconds", facts(s.token()));
      size.put("promptSeconds", facts(s.prompt()));
      sizes.add(size);
    }
    all.put("sizes", sizes);
    return all;
  }

  private static Map<String, Object> facts(Seconds s) {
    Map<String, Object> pair = new LinkedHashMap<>();
    pair.put("device", s.device());
    pair.put("processor", s.processor());
    return pair;
  }
}
