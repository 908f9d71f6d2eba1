package dev.ashlar.formats.export;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.gguf.GgufFile;
import dev.ashlar.formats.gguf.writing.FileType;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One GGUF file in a folder, for llama.cpp and its kin (docs/formats.md, GGUF). Codes go over as
 * they are where the type of a tensor holds them; else the chosen weights are rounded once more,
 * and the report says how far.
 */
final class GgufFormat implements ExportFormat {
  private static final String NAME = "gguf";

  private final Optional<FileType> asked;

  /** Files whose types follow from the schemes. */
  GgufFormat() {
    this.asked = Optional.empty();
  }

  /** Files of one kind, whatever the schemes are. */
  GgufFormat(FileType asked) {
    this.asked = Optional.of(asked);
  }

  @Override
  public String name() {
    return asked.map(type -> NAME + ":" + type.spelled()).orElse(NAME);
  }

  @Override
  public String description() {
    return "one file for llama.cpp and its kin; gguf:q4_k_m, gguf:q8_0… choose its types";
  }

  @Override
  public boolean holdsOutliers() {
    return true;
  }

  /** Codes that follow from schemes are carried for the most part, but not all. */
  @Override
  public boolean weighs() {
    return asked.isEmpty() || choosesTypes();
  }

  @Override
  public boolean choosesTypes() {
    return asked.isPresent() && asked.get().base().encoder() != null;
  }

  @Override
  public Map<String, List<QuantScheme>> suiting(
      Checkpoint source, ExportPlan plan, Map<String, Shape> shapes) {
    return choosesTypes() ? GgufSchemes.suiting(asked.get(), source, plan, shapes) : Map.of();
  }

  @Override
  public List<QuantScheme> layerSchemes() {
    return choosesTypes() ? GgufSchemes.ofLayers(asked.get()) : List.of();
  }

  /** Names of files are made of those, by tables. */
  @Override
  public boolean knowsPublishedNames() {
    return true;
  }

  @Override
  public Optional<String> refusal(WeightSource source, ExportPlan plan) {
    return Refusals.ofRoundedInputs(name(), plan)
        .or(() -> GgufSchemes.refusal(name(), plan))
        .or(() -> GgufModelKeys.refusal(source).map(reason -> "format " + NAME + ": " + reason));
  }

  @Override
  public ExportSink create(Path folder, Checkpoint source, ExportPlan plan, ExportOptions options) {
    source.requireApart(folder);
    Refusals.require(refusal(source, plan));
    return new GgufExport(folder, source, plan, asked, options.overwrite());
  }

  @Override
  public ExportReport verify(Path written, Set<String> kept) {
    Path path = Files.isDirectory(written) ? file(written) : written;
    try (Checkpoint checkpoint = Checkpoints.open(path);
        GgufFile file = GgufFile.open(path)) {
      int packed = 0;
      long bytes = 0;
      for (String name : file.names()) {
        StoredTensor tensor = file.find(name).orElseThrow();
        requireFinite(path, tensor);
        bytes += tensor.byteSize();
        packed += tensor.storage().equals(tensor.dtype().name()) ? 0 : 1;
      }
      if (checkpoint.names().isEmpty()) {
        throw fault(path, "", "tensors", "none");
      }
      return new ExportReport(1, file.names().size(), packed, bytes);
    }
  }

  private static void requireFinite(Path path, StoredTensor tensor) {
    long size = tensor.dtype() == DType.F32 || tensor.dtype().isFloat() ? tensor.shape().size() : 0;
    float[] piece = new float[(int) Math.min(1 << 18, size)];
    for (long at = 0; at < size; at += piece.length) {
      int n = (int) Math.min(piece.length, size - at);
      tensor.read(at, piece, 0, n);
      for (int i = 0; i < n; i++) {
        if (!Float.isFinite(piece[i])) {
          throw fault(path, tensor.name(), "finite weights", piece[i] + " at " + (at + i));
        }
      }
    }
  }

  private static InputException fault(Path path, String place, String expected, String found) {
    return InputException.in(path)
        .place(place)
        .expected(expected)
        .found(found)
        .hint("the export is not what its format asks for; please report this")
        .exception();
  }

  /** The one file in the folder. */
  private static Path file(Path folder) {
    List<Path> found = files(folder);
    if (found.size() != 1) {
      throw fault(folder, "", "one " + GgufExport.SUFFIX + " file", found.size() + "");
    }
    return found.getFirst();
  }

  /** The models in a folder; hidden files are none, whatever they are called. */
  private static List<Path> files(Path folder) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (AtomicFile.isTemporary(name)) {
          throw fault(folder, "", "no temporary files", name);
        }
        if (name.endsWith(GgufExport.SUFFIX) && !name.startsWith(".")) {
          found.add(entry);
        }
      }
    } catch (IOException e) {
      throw InputException.unreadable(folder, e);
    }
    return found;
  }

  @Override
  public void withdraw(Path written) {
    try {
      for (Path file : files(written)) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new InputException(written + ": faulty, and cannot be removed; do not use it", e);
    }
  }

  @Override
  public boolean keepsConfiguration() {
    return false;
  }
}
