package dev.ashlar.cli.bench.widths;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How to start this program once more as it was started, with vectors of another width. */
final class JavaCommand {
  private static final String MAIN = "dev.ashlar.cli.Main";

  /** What only this process is: its width, its terminal, its debugger; and the launcher's share. */
  private static final List<String> OWN =
      List.of(
          "-XX:MaxVectorSize",
          "-XX:MaxRAMPercentage",
          "-Dashlar.std",
          "-Djdk.module.main",
          "-agentlib:jdwp",
          "-Xrunjdwp");

  private static final int PERCENT_OF_MEMORY = 25;

  private JavaCommand() {}

  /**
   * Words of a command line that runs {@code arguments}.
   *
   * @param bits of the widest vectors, or 0 for what java chooses
   */
  static List<String> of(int bits, List<String> arguments) {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (OWN.stream().noneMatch(flag::startsWith)) {
        words.add(flag);
      }
    }
    // Several of them share the machine's memory.
    words.add("-XX:MaxRAMPercentage=" + PERCENT_OF_MEMORY);
    if (bits > 0) {
      words.add("-XX:MaxVectorSize=" + bits / Byte.SIZE);
    }
    Module module = JavaCommand.class.getModule();
    if (module.isNamed()) {
      words.addAll(List.of("-m", module.getName() + "/" + MAIN));
    } else {
      words.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN));
    }
    words.addAll(arguments);
    return words;
  }
}
