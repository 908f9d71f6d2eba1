package dev.ashlar.formats.layout;

import java.util.List;
import java.util.Optional;

/** All readable quantization configurations. A new one is one class and one line. */
public final class Declarations {
  /** Every declaration. */
  public static final List<Declaration> ALL =
      List.of(
          new AutoRoundDeclaration(),
          new GptqDeclaration(),
          new AwqDeclaration(),
          new CompressedTensorsDeclaration(),
          new AshlarDeclaration());

  private Declarations() {}

  /**
   * What the configuration declares, or empty if its method is none of {@link #ALL}.
   *
   * @throws dev.ashlar.io.InputException if it is one of them, with unsupported settings
   */
  public static Optional<PackedPlan> plan(QuantizationConfig config) {
    String method = config.method();
    for (Declaration declaration : ALL) {
      if (declaration.reads(method)) {
        return Optional.of(declaration.plan(config));
      }
    }
    return Optional.empty();
  }
}
