package dev.ashlar.cli.command;

import java.io.IOException;
import java.io.InputStream;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import picocli.CommandLine.IVersionProvider;

/** The version that the build wrote into the program's jar. */
final class Version implements IVersionProvider {
  /**
   * For example {@code 0.1.0}. It is read from the jar: a package of a named module knows its
   * version only where its class comes from an archive of classes.
   */
  static String text() {
    try (InputStream in = Version.class.getModule().getResourceAsStream("META-INF/MANIFEST.MF")) {
      String built =
          in == null
              ? null
              : new Manifest(in)
                  .getMainAttributes()
                  .getValue(Attributes.Name.IMPLEMENTATION_VERSION);
      return built == null ? "unbuilt" : built;
    } catch (IOException e) {
      return "unbuilt";
    }
  }

  @Override
  public String[] getVersion() {
    return new String[] {"ashlar " + text()};
  }
}
