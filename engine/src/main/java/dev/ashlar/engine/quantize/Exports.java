package dev.ashlar.engine.quantize;

import dev.ashlar.engine.model.SameModel;
import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.formats.export.ExportOptions;
import dev.ashlar.formats.export.ExportPlan;
import dev.ashlar.formats.export.ExportReport;
import dev.ashlar.formats.export.ExportSummary;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.LayerSink;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** The folders of one run, written side by side, and then read again and checked. */
final class Exports implements LayerSink, AutoCloseable {
  private static final System.Logger LOG = System.getLogger("dev.ashlar.engine.quantize");

  /**
   * Largest error of a written model's logits, relative to their own size, both as root mean
   * squares. What rounding embeddings and norms to half precision costs stays below 1 %, but for
   * models that few bits and few iterations have left close to chance: 4 % were seen at 2 bits. A
   * wrong order, scale or zero point costs most of the size.
   */
  private static final double TOLERANCE = 1e-1;

  /**
   * The same where a format rounded weights once more, which may cost much at few bits: then only
   * what has little to do with the model any more is a fault.
   */
  private static final double ROUNDED_TOLERANCE = 1;

  private final Checkpoint source;
  private final List<Destination> exports = new ArrayList<>();

  /**
   * Refuses what a format cannot hold, and places that cannot be written to.
   *
   * @param folder that the formats go to
   * @param outliers whether matrices may have more than integer codes with zero points
   * @throws InputException with the format's own reason
   */
  static void requirePossible(
      Path folder,
      List<ExportFormat> formats,
      Checkpoint source,
      ExportPlan plan,
      boolean outliers) {
    for (ExportFormat format : formats) {
      Path place = format.place(folder, formats.size() == 1);
      source.requireApart(place);
      if (formats.size() > 1 && Files.isSymbolicLink(place)) {
        throw InputException.in(place)
            .problem("is a link, and nothing is written through links that nobody named")
            .hint("remove it or choose another output folder")
            .exception();
      }
      if (outliers && !format.holdsOutliers()) {
        throw new InputException(
            "format "
                + format.name()
                + " has no room for weights that are kept as floats beside the codes; choose one of "
                + String.join(", ", roomy()));
      }
      format
          .refusal(source, plan)
          .ifPresent(
              reason -> {
                throw new InputException(reason);
              });
    }
  }

  private static List<String> roomy() {
    return ExportFormats.ALL.stream()
        .filter(ExportFormat::holdsOutliers)
        .map(ExportFormat::name)
        .toList();
  }

  /**
   * Begins one folder for each format: {@code folder} itself if there is only one.
   *
   * @param tensors where the linear maps lie
   */
  Exports(
      Path folder,
      List<ExportFormat> formats,
      Checkpoint source,
      ModelTensors tensors,
      ExportPlan plan,
      ExportOptions options) {
    this.source = source;
    boolean anyway = formats.stream().allMatch(f -> !f.packs() || f.knowsPublishedNames());
    if (options.publishedNames() && (anyway || !tensors.isSpelledInTwoWays())) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the original names change nothing: "
              + (anyway
                  ? "the format has them anyway"
                  : "loaders call the tensors of this family what its own files call them"));
    }
    boolean complete = false;
    try {
      for (ExportFormat format : formats) {
        Path own = format.place(folder, formats.size() == 1);
        exports.add(new Destination(format, own, source, tensors, plan, options));
      }
      complete = true;
    } finally {
      if (!complete) {
        close();
      }
    }
  }

  @Override
  public void importance(String module, float[] squares) {
    exports.forEach(e -> e.importance(module, squares));
  }

  @Override
  public void quantized(String module, QuantizedMatrix tensor) {
    exports.forEach(e -> e.quantized(module, tensor));
  }

  /** Written in place of the source's. */
  @Override
  public void changed(String name, Tensor tensor) {
    exports.forEach(e -> e.changed(name, tensor));
  }

  /**
   * Adds everything that was not quantized, and has the formats write it out.
   *
   * @param kept tensors that are no part of the language model, as the source spells them
   */
  void finish(Set<String> kept) {
    for (String name : source.names()) {
      others(name, kept.contains(name));
    }
    publish();
  }

  /**
   * Has the formats write everything out. Folders are published, since only then they can be
   * opened; a file is when it was found good.
   */
  void publish() {
    wholly(() -> exports.forEach(Destination::prepare));
  }

  /** What fails leaves no model that nobody has found good. */
  private void wholly(Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      for (Destination export : exports) {
        try {
          export.withdraw();
        } catch (InputException other) {
          e.addSuppressed(other);
        }
      }
      throw e;
    }
  }

  /** Ends the present weight file of every folder. */
  void endShard() {
    exports.forEach(Destination::endShard);
  }

  /** Writes what is not quantized of one of the source's tensors. */
  void others(String name, boolean keep) {
    exports.forEach(e -> e.others(name, keep));
  }

  /**
   * Opens every folder again, checks its bytes by the format's rules and its logits against the
   * tuned model's. If one fails, no folder that was not found good before is a model afterwards,
   * and files that were to be replaced are there still.
   *
   * @param reference the tuned model; empty where no model was built
   * @param kept tensors of the folder that are no part of the language model
   */
  List<Written> verify(Optional<TunedReference> reference, Set<String> kept) {
    List<Written> written = new ArrayList<>();
    wholly(() -> exports.forEach(e -> written.add(verified(e, reference, kept))));
    return written;
  }

  private Written verified(Destination e, Optional<TunedReference> reference, Set<String> kept) {
    ExportReport report = e.format().verify(e.written(), e.named(kept));
    if (!e.format().keepsConfiguration()) {
      SameModel.require(e.format().name(), Architectures.spec(source), e.written());
    }
    OptionalDouble error = OptionalDouble.empty();
    if (reference.isPresent()) {
      error = OptionalDouble.of(logitError(e, reference.get()));
    }
    e.approve();
    ExportSummary sum = e.summary();
    return new Written(e.format().name(), e.place(), sum.layout(), report, error, sum.rounding());
  }

  private double logitError(Destination written, TunedReference reference) {
    double tolerance = written.summary().rounded() ? ROUNDED_TOLERANCE : TOLERANCE;
    try (Checkpoint again = Checkpoints.open(written.written())) {
      again.isCopyOf(source);
      LogitError error = reference.compare(load(again));
      // Rounding the router's inputs may send a token to another expert: then its logits differ by
      // more, but those of most tokens do not.
      double judged = reference.hasExperts() ? error.median() : error.whole();
      if (!(judged <= tolerance)) {
        throw new InputException(
            written.place()
                + ": the written model's logits differ from the tuned model's by "
                + judged
                + " of their size; "
                + (written.isPublished() ? "the folder was made unreadable" : "it was not kept")
                + ", please report this");
      }
      return error.whole();
    }
  }

  /**
   * The model as it runs: codes that are floats to whoever quantizes them again are taken as codes,
   * with inputs rounded beside them.
   */
  private static Decoder load(Checkpoint again) {
    boolean codes =
        again.quantizedNames().isEmpty()
            && again.names().stream()
                .map(again::tensor)
                .anyMatch(t -> !t.storage().equals(t.dtype().name()));
    return codes ? Architectures.loadPacked(again, Backends.chosen()) : Architectures.load(again);
  }

  /** Removes what was begun and not published. */
  @Override
  public void close() {
    exports.forEach(Destination::close);
  }
}
