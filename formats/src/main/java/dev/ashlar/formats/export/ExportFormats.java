package dev.ashlar.formats.export;

import dev.ashlar.formats.gguf.writing.FileType;
import dev.ashlar.formats.layout.Layouts;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.io.file.FolderLock;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** All export formats. A new one is one class and one line. */
public final class ExportFormats {
  /** Each format with the packing that suits the scheme. */
  public static final List<ExportFormat> ALL =
      List.of(
          new AutoRoundFormat(),
          new AutoGptqFormat(),
          AutoGptqFormat.v2(),
          new AutoAwqFormat(),
          new LlmCompressorFormat(),
          new Fp8Format(),
          new AshlarFormat(),
          new GgufFormat(),
          new FakeFormat());

  /** What other programs call some of them. */
  private static final Map<String, String> SYNONYMS =
      Map.of(
          "gptq", "auto_gptq",
          "gptqmodel", "auto_gptq",
          "awq", "auto_awq",
          "compressed_tensors", "llm_compressor");

  /** Formats with one layout out of several that they have. */
  private static final List<ExportFormat> WITH_PACKING =
      Stream.<ExportFormat>concat(
              Stream.of(
                  new AutoRoundFormat(Layouts.AUTO_ROUND_GPTQ),
                  new AutoRoundFormat(Layouts.GPTQ_V2),
                  new AutoRoundFormat(Layouts.AWQ),
                  AutoRoundFloatFormat.blocks(),
                  AutoRoundFloatFormat.fixed(),
                  AutoRoundFloatFormat.others()),
              Stream.of(FileType.values()).map(GgufFormat::new))
          .toList();

  private ExportFormats() {}

  /**
   * Removes the locks that killed runs left in a folder, of whatever format.
   *
   * @return whether there were any
   * @throws dev.ashlar.io.InputException if a living run has one
   */
  public static boolean removeStaleLocks(Path folder) {
    return SafetensorsWriter.removeStaleLock(folder)
        | FolderLock.removeStale(folder, GgufExport.LOCK);
  }

  /**
   * The format of that name, which may have the name of a packing behind a colon, as {@code
   * auto_round:auto_gptq} or {@code gguf:q4_k_m}; {@code gptq} is accepted for {@code auto_gptq},
   * and the like.
   */
  public static Optional<ExportFormat> named(String name) {
    String full = SYNONYMS.getOrDefault(name, name);
    return every().filter(format -> format.name().equals(full)).findFirst();
  }

  /**
   * The formats of those names.
   *
   * @throws IllegalArgumentException if there are no names, or no format of one of them
   */
  public static List<ExportFormat> allNamed(String... names) {
    if (names.length == 0) {
      throw new IllegalArgumentException("there must be at least one format");
    }
    return Stream.of(names).map(n -> named(n).orElseThrow(() -> unknown(n))).toList();
  }

  /** {@link #ALL}, and those with a packing of their own. */
  public static Stream<ExportFormat> every() {
    return Stream.concat(ALL.stream(), WITH_PACKING.stream());
  }

  /** The refusal of a name that no format has, naming those that there are; to be thrown. */
  public static IllegalArgumentException unknown(String name) {
    return new IllegalArgumentException(
        "no format '" + name + "'; there are " + String.join(", ", names()));
  }

  /** The names of all formats. */
  public static List<String> names() {
    return ALL.stream().map(ExportFormat::name).toList();
  }
}
