package dev.ashlar.engine.quantize;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.export.ExportCheck;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportOptions;
import dev.ashlar.formats.export.ExportPlan;
import dev.ashlar.formats.export.ExportReport;
import dev.ashlar.formats.export.ExportSink;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tensor.StoredTensor;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedTensor;
import dev.ashlar.tuning.LayerSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** The folders of one run, written side by side, and then read again and checked. */
final class Exports implements LayerSink, AutoCloseable {
  /**
   * Largest error of a written model's logits, relative to their own size, both as root mean
   * squares: what rounding embeddings and norms to half precision costs stays well below.
   */
  private static final double TOLERANCE = 1e-2;

  private static final String WEIGHT = ".weight";
  private static final String CONFIG = "config.json";

  private final Checkpoint source;
  private final ExportPlan plan;
  private final Map<Path, ExportSink> sinks = new LinkedHashMap<>();

  /**
   * Refuses what a format cannot hold.
   *
   * @throws InputException with the format's own reason
   */
  static void requirePossible(List<ExportFormat> formats, Checkpoint source, ExportPlan plan) {
    for (ExportFormat format : formats) {
      format
          .refusal(source, plan)
          .ifPresent(
              reason -> {
                throw new InputException(reason);
              });
    }
  }

  /** Begins one folder for each format: {@code folder} itself if there is only one. */
  Exports(
      Path folder,
      List<ExportFormat> formats,
      Checkpoint source,
      ExportPlan plan,
      ExportOptions options) {
    this.source = source;
    this.plan = plan;
    boolean complete = false;
    try {
      for (ExportFormat format : formats) {
        Path own = formats.size() == 1 ? folder : folder.resolve(format.name());
        sinks.put(own, format.create(own, source, plan, options));
      }
      complete = true;
    } finally {
      if (!complete) {
        close();
      }
    }
  }

  @Override
  public void quantized(String module, QuantizedTensor tensor) {
    sinks.values().forEach(s -> s.quantized(module, tensor));
  }

  /**
   * Adds everything that was not quantized and publishes the folders.
   *
   * @param tensors where the linear maps lie
   * @param kept tensors that are no part of the language model, as the source spells them
   */
  void finish(ModelTensors tensors, Set<String> kept) {
    for (String name : source.names()) {
      others(tensors, name, kept.contains(name));
    }
    publish();
  }

  /** Publishes the folders. */
  void publish() {
    sinks.values().forEach(ExportSink::finish);
  }

  /** Ends the present weight file of every folder. */
  void endShard() {
    sinks.values().forEach(ExportSink::endShard);
  }

  /** Writes what is not quantized of one of the source's tensors. */
  void others(ModelTensors tensors, String name, boolean keep) {
    List<StoredLinear> linears = tensors.in(name);
    StoredTensor stored = source.tensor(name);
    if (linears.stream().noneMatch(l -> isQuantized(l.module()))) {
      StoredTensor named = tensors.named(stored);
      sinks.values().forEach(s -> write(s, named, keep));
      return;
    }
    // What was one stack of experts is one tensor for each as soon as one of them is packed.
    for (StoredLinear l : linears) {
      if (!isQuantized(l.module())) {
        Tensor matrix = l.read(stored);
        sinks.values().forEach(s -> s.tensor(l.module() + WEIGHT, matrix));
      }
    }
  }

  private static void write(ExportSink sink, StoredTensor tensor, boolean keep) {
    if (keep) {
      sink.keep(tensor);
    } else {
      sink.copy(tensor);
    }
  }

  private boolean isQuantized(String module) {
    QuantScheme scheme = plan.linears().get(module);
    return scheme != null && !scheme.isFloat();
  }

  /**
   * Opens every folder again, checks its bytes by the format's rules and its logits against the
   * tuned model's. A folder that fails is no longer a model afterwards.
   *
   * @param reference the tuned model; empty where no model was built
   * @param kept tensors of the folder that are no part of the language model
   */
  List<Written> verify(Optional<TunedReference> reference, Set<String> kept) {
    List<Written> written = new ArrayList<>();
    for (Map.Entry<Path, ExportSink> e : sinks.entrySet()) {
      Path folder = e.getKey();
      boolean good = false;
      try {
        ExportReport report = ExportCheck.verify(folder, kept);
        OptionalDouble error = OptionalDouble.empty();
        if (reference.isPresent()) {
          error = OptionalDouble.of(logitError(folder, reference.get()));
        }
        String format = e.getValue().summary().format();
        String layout = e.getValue().summary().layout();
        written.add(new Written(format, folder, layout, report, error));
        good = true;
      } finally {
        if (!good) {
          disable(folder);
        }
      }
    }
    return written;
  }

  private static double logitError(Path folder, TunedReference reference) {
    try (Checkpoint again = Checkpoints.open(folder)) {
      LogitError error = reference.compare(Architectures.load(again));
      // Rounding the router's inputs may send a token to another expert: then its logits differ by
      // more, but those of most tokens do not.
      double judged = reference.hasExperts() ? error.median() : error.whole();
      if (!(judged <= TOLERANCE)) {
        throw new InputException(
            folder
                + ": the written model's logits differ from the tuned model's by "
                + judged
                + " of their size; the folder was made unreadable, please report this");
      }
      return error.whole();
    }
  }

  private static void disable(Path folder) {
    try {
      Files.deleteIfExists(folder.resolve(CONFIG));
    } catch (IOException e) {
      throw new InputException(folder + ": faulty, and cannot be removed; do not use it", e);
    }
  }

  /** Removes what was begun and not published. */
  @Override
  public void close() {
    sinks.values().forEach(ExportSink::close);
  }
}
