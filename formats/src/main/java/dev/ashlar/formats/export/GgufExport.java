package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.gguf.GgufType;
import dev.ashlar.formats.gguf.family.FamilyException;
import dev.ashlar.formats.gguf.family.TensorMapping;
import dev.ashlar.formats.gguf.writing.CodesTensor;
import dev.ashlar.formats.gguf.writing.FileType;
import dev.ashlar.formats.gguf.writing.GgufWriter;
import dev.ashlar.formats.gguf.writing.TensorRows;
import dev.ashlar.formats.gguf.writing.TokenizerKeys;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.file.FolderLock;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.blocks.Row;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.MemoryWeights;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Writes a model as one GGUF file. Each tensor waits until all that it is stored with have come
 * (experts of a layer lie in one), then goes to the file, so that memory holds no more than these.
 */
final class GgufExport implements ExportSink {
  private static final System.Logger LOG = System.getLogger("dev.ashlar.formats.export");
  static final String SUFFIX = ".gguf";
  static final String LOCK = "gguf";
  private static final String WEIGHT = ".weight";

  private final Path folder;
  private final Path file;
  private final boolean created;
  private final boolean overwrite;
  private final Checkpoint source;
  private final ExportPlan plan;
  private final Optional<FileType> asked;
  private final FileType type;
  private final GgufModelKeys model;
  private final String name;
  private final GgufPlaces places;

  /** The tokenizer for so many rows of the embedding as the source has; null if it does not say. */
  private final TokenizerKeys.Result tokenizer;

  private final FolderLock lock;
  private final GgufWriter writer;

  private final Map<String, StoredTensor> waiting = new LinkedHashMap<>();
  private final Set<String> arrived = new HashSet<>();
  private final Set<String> kept = new HashSet<>();
  private final Map<String, float[]> importance = new HashMap<>();
  private final Map<String, TensorRows.Outcome> codes = new LinkedHashMap<>();
  private final long expectedRows;
  private long rows;
  private boolean rounded;
  private boolean ready;
  private boolean finished;

  /**
   * @param asked the kind of file; empty for the one that suits each scheme
   */
  GgufExport(
      Path folder,
      Checkpoint source,
      ExportPlan plan,
      Optional<FileType> asked,
      boolean overwrite) {
    this.folder = folder;
    this.source = source;
    this.plan = plan;
    this.asked = asked;
    this.overwrite = overwrite;
    this.type = asked.orElseGet(() -> GgufSchemes.file(plan.base()));
    this.model = GgufModelKeys.of(source, plan);
    this.name = GgufModelKeys.name(source.path());
    this.file = folder.resolve(name + "-" + type.name() + SUFFIX);
    this.created = !Files.exists(folder);
    this.places = new GgufPlaces(model, source, plan);
    this.expectedRows = places.embeddingRows();
    this.tokenizer = expectedRows > 0 ? tokenizer(expectedRows) : null;
    refuseOccupied();
    try {
      AtomicFile.createFolders(folder);
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(folder, e);
    }
    this.lock = FolderLock.take(folder, LOCK);
    this.writer = begun();
  }

  private TokenizerKeys.Result tokenizer(long tokens) {
    return TokenizerKeys.of(source.tokenizer(), Math.toIntExact(tokens), ends());
  }

  /** Removes what a killed run left, and begins the file. */
  private GgufWriter begun() {
    try {
      AtomicFile.removeStale(folder, name);
      return new GgufWriter(file);
    } catch (IOException e) {
      abandoned();
      throw AtomicFile.cannotWrite(folder, e);
    } catch (RuntimeException e) {
      abandoned();
      throw e;
    }
  }

  private void abandoned() {
    lock.close();
    removeIfMade();
  }

  private void removeIfMade() {
    if (created && !finished) {
      // If others have put something there in the meantime, it stays.
      AtomicFile.delete(folder);
    }
  }

  /** Another model in the folder would be taken for this one, or the two for one. */
  private void refuseOccupied() {
    if (!Files.exists(folder)) {
      return;
    }
    if (!Files.isDirectory(folder)) {
      throw InputException.in(folder).expected("a folder to write to").found("a file").exception();
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String found = entry.getFileName().toString();
        boolean weights = found.endsWith(SUFFIX) || found.endsWith(".safetensors");
        boolean holds = found.equals(FolderExport.CONFIG) || weights && !found.startsWith(".");
        if (holds && !(overwrite && entry.equals(file))) {
          throw InputException.in(folder)
              .problem("already holds a model (" + found + ")")
              .hint("choose another output folder, or move it away")
              .exception();
        }
      }
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(folder, e);
    }
  }

  /** A matrix that the source's files hold turned is turned. */
  @Override
  public void tensor(String name, Tensor tensor) {
    Tensor stored = plan.turns(name) ? tensor.transposed() : tensor;
    arrive(new MemoryWeights(Map.of()).put(name, stored).tensor(name));
  }

  @Override
  public void copy(StoredTensor tensor) {
    arrive(tensor);
  }

  /** Towers beside the language model have files of their own, which are not written. */
  @Override
  public void keep(StoredTensor tensor) {
    kept.add(tensor.name());
  }

  @Override
  public void importance(String module, float[] squares) {
    Row.counting(squares).ifPresent(counts -> importance.put(module + WEIGHT, counts));
  }

  @Override
  public void quantized(String module, QuantizedMatrix tensor) {
    arrive(new CodesTensor(module + WEIGHT, tensor));
  }

  private void arrive(StoredTensor tensor) {
    String part = tensor.name();
    if (!arrived.add(part)) {
      throw new IllegalArgumentException(part + " was already written");
    }
    boolean head = FolderExport.isHead(part) && part.endsWith(WEIGHT);
    if (head && model.types().tied()) {
      return;
    }
    waiting.put(part, tensor);
    for (TensorMapping mapping : places.of(part)) {
      if (waiting.keySet().containsAll(mapping.huggingFace())
          && mapping.gguf().stream().noneMatch(writer.names()::contains)) {
        write(mapping);
        return;
      }
    }
  }

  private void write(TensorMapping mapping) {
    List<StoredTensor> parts = mapping.huggingFace().stream().map(waiting::remove).toList();
    // Codes lie as the file has them, whatever float files do with the matrix.
    boolean turned =
        parts.size() == 1 && parts.getFirst() instanceof CodesTensor t && plan.turns(t.name());
    List<StoredTensor> made;
    try {
      made = turned ? parts : mapping.transform().toGguf(parts);
    } catch (FamilyException e) {
      throw source.fault(e.place(), e.expected(), e.found(), "");
    }
    for (int i = 0; i < made.size(); i++) {
      write(mapping.gguf().get(i), mapping.huggingFace().getFirst(), made.get(i), parts);
    }
  }

  /**
   * What an error in each column of a tensor counts: known where its columns are the inputs of a
   * map, as they are of rows that came so and of matrices that float files hold turned.
   */
  private float[] counts(StoredTensor tensor, List<StoredTensor> parts) {
    boolean same = parts.stream().anyMatch(part -> part == tensor);
    return same != plan.turns(tensor.name()) || tensor instanceof CodesTensor
        ? importance.get(tensor.name())
        : null;
  }

  private void write(String target, String part, StoredTensor tensor, List<StoredTensor> parts) {
    Shape shape = tensor.shape();
    GgufType chosen = typeOf(target, part, tensor);
    writer.begin(target, chosen, shape);
    TensorRows.Outcome outcome =
        new TensorRows(source.path(), tensor, chosen, t -> counts(t, parts)).write(writer);
    if (outcome.codes()) {
      codes.put(target, outcome);
    }
    rounded |= chosen.encoder() != null && !outcome.carried();
    rows = target.equals(GgufModelKeys.EMBEDDING) ? shape.dim(0) : rows;
  }

  private GgufType typeOf(String target, String part, StoredTensor tensor) {
    if (FileType.isFloat(target, tensor.shape())) {
      return GgufType.F32;
    }
    QuantScheme scheme = plan.linears().get(GgufPlaces.module(part));
    if (scheme != null && scheme.isFloat()) {
      return floatType(tensor);
    }
    if (scheme instanceof FileBlocks own) {
      return FileType.fitting(GgufSchemes.type(own).orElseThrow(), tensor.shape());
    }
    if (scheme != null && asked.isEmpty()) {
      return FileType.fitting(GgufSchemes.file(scheme).base(), tensor.shape());
    }
    return type.of(target, tensor.shape(), model.types());
  }

  /** The type of a matrix that is to stay float. */
  private static GgufType floatType(StoredTensor tensor) {
    return switch (tensor.storage()) {
      case "BF16" -> GgufType.BF16;
      case "F32" -> GgufType.F32;
      default -> GgufType.F16;
    };
  }

  @Override
  public Optional<Path> ready() {
    if (!ready) {
      left();
      model
          .family()
          .rotaryTensors(model.config())
          .forEach(
              (target, values) -> {
                Tensor t = Tensor.of(values, values.length);
                StoredTensor made = new MemoryWeights(Map.of()).put(target, t).tensor(target);
                write(target, target, made, List.of(made));
              });
      model.metadata(name, type, rows).forEach(writer::put);
      TokenizerKeys.Result words = rows == expectedRows ? tokenizer : tokenizer(rows);
      words.keys().forEach(writer::put);
      words.missing().ifPresent(this::warn);
      model.family().unheeded(model.config()).forEach(this::warn);
      ready = true;
    }
    return Optional.of(writer.prepare());
  }

  @Override
  public void finish() {
    refuseOccupied();
    ready();
    writer.finish();
    finished = true;
    Rounding.of(codes)
        .ifPresent(
            r -> LOG.log(System.Logger.Level.INFO, "{0}: {1}", file.toString(), r.sentence()));
  }

  private void warn(String sentence) {
    LOG.log(System.Logger.Level.WARNING, "{0}: {1}", file.toString(), sentence);
  }

  private List<Long> ends() {
    Object ends = source.generationConfig().get("eos_token_id");
    List<?> all = ends instanceof List<?> list ? list : ends == null ? List.of() : List.of(ends);
    return all.stream()
        .filter(Number.class::isInstance)
        .map(e -> ((Number) e).longValue())
        .toList();
  }

  /**
   * Says what has no place in the file.
   *
   * @throws InputException if something has one, but only together with what never came
   */
  private void left() {
    for (String part : waiting.keySet()) {
      places.requireDispensable(part);
      missing(part)
          .ifPresent(
              other -> {
                throw source.fault(
                    other,
                    "the tensor, since " + part + " is there",
                    "none",
                    "the model is incomplete: download it again");
              });
    }
    Set<String> without = new HashSet<>(waiting.keySet());
    without.removeIf(part -> part.endsWith("rotary_emb.inv_freq") || part.contains("masked_bias"));
    without.addAll(kept);
    if (!without.isEmpty()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0}: GGUF has no place for {1} tensors, such as {2}; they are left out",
          file.toString(),
          Integer.toString(without.size()),
          without.stream().sorted().findFirst().orElseThrow());
    }
  }

  /** What a tensor has waited for in vain; empty if all that it could be a part of is written. */
  private Optional<String> missing(String part) {
    return places.of(part).stream()
        .filter(m -> m.gguf().stream().noneMatch(writer.names()::contains))
        .flatMap(m -> m.huggingFace().stream())
        .filter(other -> !arrived.contains(other))
        .findFirst();
  }

  /** A file of the format is one. */
  @Override
  public void endShard() {}

  @Override
  public ExportSummary summary() {
    return new ExportSummary(
        folder,
        asked.map(t -> "gguf:" + t.name().toLowerCase(Locale.ROOT)).orElse("gguf"),
        type.name(),
        finished ? List.of(file) : List.of(),
        codes.size(),
        writer.totalBytes(),
        0,
        rounded,
        Rounding.of(codes));
  }

  @Override
  public void close() {
    writer.close();
    lock.close();
    removeIfMade();
  }
}
