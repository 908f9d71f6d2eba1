package dev.ashlar.tensor.kernel.vector.packed;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The unrolled loops are what {@link PackedLoops} writes. After a change there, {@code mvn test -pl
 * tensor -Dtest=PackedLoopsTest -Dashlar.test.jvm=-Dashlar.generate=true} writes them anew.
 */
class PackedLoopsTest {
  /** Tests run in their module's folder. */
  private static final Path SOURCES =
      Path.of("src/main/java", PackedLoops.class.getPackageName().replace('.', '/'));

  static Iterable<PackedLoops.Width> widths() {
    return PackedLoops.ALL;
  }

  @ParameterizedTest
  @MethodSource("widths")
  void sourcesAreWhatIsGenerated(PackedLoops.Width width) throws IOException {
    Path file = SOURCES.resolve(width.name() + ".java");
    String expected = PackedLoops.source(width);
    if (Boolean.getBoolean("ashlar.generate")) {
      Files.writeString(file, expected);
    }
    assertEquals(expected, Files.readString(file), file.toString());
  }
}
