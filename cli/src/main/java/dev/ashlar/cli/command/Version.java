package dev.ashlar.cli.command;

import picocli.CommandLine.IVersionProvider;

/** The version that the build wrote into the program's jar. */
final class Version implements IVersionProvider {
  /** For example {@code 0.1.0}. */
  static String text() {
    String built = Version.class.getPackage().getImplementationVersion();
    return built == null ? "unbuilt" : built;
  }

  @Override
  public String[] getVersion() {
    return new String[] {"ashlar " + text()};
  }
}
