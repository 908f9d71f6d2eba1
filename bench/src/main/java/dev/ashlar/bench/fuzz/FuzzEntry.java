package dev.ashlar.bench.fuzz;

import dev.ashlar.io.InputException;
import dev.ashlar.text.chat.ChatTemplateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * What Jazzer calls with each input: reads it, and throws what no reader may throw. Of several
 * readers the first byte of an input chooses one.
 */
public final class FuzzEntry {
  /** System property: names of {@link FuzzTarget}s, with commas between. */
  static final String TARGETS = "ashlar.fuzz.targets";

  /** System property: a folder for the files that readers are given. */
  static final String SCRATCH = "ashlar.fuzz.scratch";

  private static final int LONGEST = 3000;

  private static List<FuzzTarget> targets;
  private static Path scratch;

  private FuzzEntry() {}

  /** Called once, before all inputs. */
  public static void fuzzerInitialize() throws IOException {
    targets = Stream.of(System.getProperty(TARGETS).split(",")).map(FuzzTarget::named).toList();
    scratch = Path.of(System.getProperty(SCRATCH));
    for (FuzzTarget target : targets) {
      Files.createDirectories(scratch.resolve(target.name()));
    }
  }

  /** Called with each input. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    if (targets.size() == 1) {
      judged(targets.getFirst(), data, scratch.resolve(targets.getFirst().name()));
    } else if (data.length > 0) {
      FuzzTarget target = targets.get(Byte.toUnsignedInt(data[0]) % targets.size());
      judged(target, Arrays.copyOfRange(data, 1, data.length), scratch.resolve(target.name()));
    }
  }

  /** An input that {@link #fuzzerTestOneInput} hands to the target at {@code index} of several. */
  static byte[] chosen(int index, byte[] data) {
    byte[] all = new byte[data.length + 1];
    all[0] = (byte) index;
    System.arraycopy(data, 0, all, 1, data.length);
    return all;
  }

  /**
   * Reads an input: a refusal in one sentence is right, anything else that is thrown is not.
   *
   * @throws IllegalStateException if a refusal is no sentence
   */
  static void judged(FuzzReader reader, byte[] data, Path scratch) throws IOException {
    try {
      reader.read(data, scratch);
    } catch (InputException | ChatTemplateException e) {
      String said = e.getMessage();
      if (said == null || said.isBlank() || said.length() > LONGEST || said.contains("\n")) {
        throw new IllegalStateException("a refusal that is no sentence: " + said, e);
      }
    }
  }
}
