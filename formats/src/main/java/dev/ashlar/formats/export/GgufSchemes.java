package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.gguf.GgufType;
import dev.ashlar.formats.gguf.writing.FileType;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.SuperGrid;
import dev.ashlar.tensor.quant.Unquantized;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** GGUF's types and files beside schemes: which holds what, in both directions. */
final class GgufSchemes {
  private static final String WEIGHT = ".weight";
  private static final int BLOCK = 32;
  private static final int SUPER = 16;

  private GgufSchemes() {}

  /** The kind of file that holds weights of a scheme best. */
  static FileType file(QuantScheme scheme) {
    return switch (scheme) {
      case IntegerGrid grid -> file(grid);
      case FloatGrid grid ->
          grid.element() == FloatFormat.E2M1
              ? grid.scale() == FloatGrid.Scale.E8M0 && grid.blockSize() == BLOCK
                  ? FileType.MXFP4
                  : FileType.Q4_K_S
              : FileType.Q8_0;
      case SuperGrid levels -> file(type(levels).orElseThrow());
      case FileBlocks own -> file(type(own).orElseThrow());
      case Unquantized u -> FileType.F16;
    };
  }

  private static FileType file(IntegerGrid grid) {
    boolean whole = grid.groupSize() < 0 || grid.groupSize() % BLOCK == 0;
    return switch (grid.bits()) {
      case 2 -> FileType.Q2_K_S;
      case 3 -> FileType.Q3_K_S;
      case 4 -> !whole ? FileType.Q4_K_S : grid.symmetric() ? FileType.Q4_0 : FileType.Q4_1;
      case 5 -> !whole ? FileType.Q5_K_S : grid.symmetric() ? FileType.Q5_0 : FileType.Q5_1;
      case 6 -> FileType.Q6_K;
      default -> FileType.Q8_0;
    };
  }

  private static FileType file(GgufType type) {
    return Arrays.stream(FileType.values()).filter(f -> f.base() == type).findFirst().orElseThrow();
  }

  /** The type that has blocks of a grid; empty if there is none. */
  private static Optional<GgufType> type(SuperGrid levels) {
    return Arrays.stream(GgufType.values())
        .filter(type -> type.levels().equals(Optional.of(levels)))
        .findFirst();
  }

  /** The type whose blocks these are; empty if there is none that can be written. */
  static Optional<GgufType> type(FileBlocks blocks) {
    return Arrays.stream(GgufType.values())
        .filter(type -> type.encoder() != null && blocks(type).equals(blocks))
        .findFirst();
  }

  private static FileBlocks blocks(GgufType type) {
    return new FileBlocks(type.name(), type.elements(), type.bytes());
  }

  /** Why a plan names blocks that GGUF has not, in one sentence; empty if it does not. */
  static Optional<String> refusal(String format, ExportPlan plan) {
    return plan.linears().entrySet().stream()
        .filter(e -> isUnknown(e.getValue()))
        .findFirst()
        .map(e -> "format " + format + " has no blocks " + e.getValue() + " (" + e.getKey() + ")");
  }

  private static boolean isUnknown(QuantScheme scheme) {
    return scheme instanceof FileBlocks own && type(own).isEmpty()
        || scheme instanceof SuperGrid levels && type(levels).isEmpty();
  }

  /** The schemes that suit a type: the type itself, then grids near it, integers last. */
  private static List<QuantScheme> near(GgufType type) {
    QuantScheme own = blocks(type);
    return switch (type) {
      case Q4_0 -> List.of(own, new IntegerGrid(4, BLOCK, true));
      case Q4_1 -> List.of(own, new IntegerGrid(4, BLOCK, false));
      case Q5_0 -> List.of(own, new IntegerGrid(5, BLOCK, true));
      case Q5_1 -> List.of(own, new IntegerGrid(5, BLOCK, false));
      case Q8_0 -> List.of(own, new IntegerGrid(8, BLOCK, true));
      case MXFP4 -> List.of(own, FloatGrid.mxfp4(), new IntegerGrid(4, BLOCK, true));
      // Scales of groups are multiples there, of a float that is rounded: none is half precision.
      case Q2_K ->
          List.of(own, type.levels().orElseThrow(), new IntegerGrid(2, SUPER, false, DType.F32));
      case Q3_K ->
          List.of(own, type.levels().orElseThrow(), new IntegerGrid(3, SUPER, true, DType.F32));
      case Q4_K ->
          List.of(own, type.levels().orElseThrow(), new IntegerGrid(4, BLOCK, false, DType.F32));
      case Q5_K ->
          List.of(own, type.levels().orElseThrow(), new IntegerGrid(5, BLOCK, false, DType.F32));
      case Q6_K ->
          List.of(own, type.levels().orElseThrow(), new IntegerGrid(6, SUPER, true, DType.F32));
      // Steps of these are not even, or zero is one of three: codes of another grid would only be
      // rounded again.
      case IQ4_NL, IQ4_XS, TQ1_0, TQ2_0 -> List.of(own);
      default -> throw new IllegalArgumentException(type + " is no type of blocks that is written");
    };
  }

  /**
   * As {@link ExportFormat#layerSchemes}, of files of a kind: the base type, unless others mix in,
   * and the type that takes its place where rows hold no whole super-blocks.
   */
  static List<QuantScheme> ofLayers(FileType file) {
    boolean mixed = file.name().endsWith("_M") || file.name().endsWith("_L");
    GgufType type = file.base();
    List<QuantScheme> schemes = new ArrayList<>();
    for (GgufType each : List.of(type, FileType.fitting(type, Shape.of(1, BLOCK)))) {
      // Codes of types without a grid of their own would lie in another type. In the place of
      // uneven steps stands what has as many bits.
      List<QuantScheme> grids =
          each == GgufType.IQ4_NL ? List.of(new IntegerGrid(4, BLOCK, true)) : near(each);
      grids.stream()
          .filter(scheme -> !(scheme instanceof FileBlocks) && !schemes.contains(scheme))
          .findFirst()
          .ifPresent(schemes::add);
    }
    return mixed || schemes.isEmpty() || file(schemes.getFirst()).base() != type
        ? List.of()
        : schemes;
  }

  /**
   * As {@link ExportFormat#suiting}, of files of a kind.
   *
   * @throws dev.ashlar.io.InputException if the configuration has no sense in GGUF
   */
  static Map<String, List<QuantScheme>> suiting(
      FileType file, Checkpoint source, ExportPlan plan, Map<String, Shape> shapes) {
    GgufModelKeys model = GgufModelKeys.of(source, plan);
    GgufPlaces places = new GgufPlaces(model, source, plan);
    Map<String, List<QuantScheme>> found = new LinkedHashMap<>();
    shapes.forEach(
        (module, shape) ->
            places.of(module + WEIGHT).stream()
                .map(mapping -> file.of(mapping.gguf().getFirst(), shape, model.types()))
                .findFirst()
                .filter(type -> type.encoder() != null)
                .ifPresent(type -> found.put(module, near(type))));
    return found;
  }
}
