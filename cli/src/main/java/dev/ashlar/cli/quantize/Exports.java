package dev.ashlar.cli.quantize;

import dev.ashlar.cli.InputException;
import dev.ashlar.formats.Checkpoint;
import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.export.ExportCheck;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportOptions;
import dev.ashlar.formats.export.ExportPlan;
import dev.ashlar.formats.export.ExportReport;
import dev.ashlar.formats.export.ExportSink;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.QuantizedTensor;
import dev.ashlar.tuning.LayerSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The folders of one run, written side by side, and then read again and checked. */
final class Exports implements LayerSink, AutoCloseable {
  /**
   * Largest error of a written model's logits, relative to their own size, both as root mean
   * squares: what rounding embeddings and norms to half precision costs stays well below.
   */
  private static final double TOLERANCE = 1e-2;

  private static final String WEIGHT = ".weight";
  private static final String CONFIG = "config.json";

  /**
   * One verified folder.
   *
   * @param logitError relative to the tuned model's logits, as root mean squares
   */
  record Written(
      String format, Path folder, String layout, ExportReport check, double logitError) {}

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

  /** Adds everything that was not quantized and publishes the folders. */
  void finish() {
    for (String name : source.names()) {
      boolean weight = name.endsWith(WEIGHT);
      String module = weight ? name.substring(0, name.length() - WEIGHT.length()) : name;
      boolean packed =
          weight && plan.linears().containsKey(module) && !plan.linears().get(module).isFloat();
      if (!packed) {
        sinks.values().forEach(s -> s.copy(source.tensor(name)));
      }
    }
    sinks.values().forEach(ExportSink::finish);
  }

  /**
   * Opens every folder again, checks its bytes by the format's rules and its logits against the
   * tuned model's. A folder that fails is no longer a model afterwards.
   */
  List<Written> verify(TunedReference reference) {
    float[] expected = reference.logits();
    List<Written> written = new ArrayList<>();
    for (Map.Entry<Path, ExportSink> e : sinks.entrySet()) {
      Path folder = e.getKey();
      boolean good = false;
      try {
        ExportReport report = ExportCheck.verify(folder);
        double error = logitError(folder, reference, expected);
        if (!(error <= TOLERANCE)) {
          throw new InputException(
              folder
                  + ": the written model's logits differ from the tuned model's by "
                  + error
                  + " of their size; the folder was made unreadable, please report this");
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

  private static double logitError(Path folder, TunedReference reference, float[] expected) {
    try (Checkpoint again = Checkpoints.open(folder)) {
      int[] ids = reference.ids();
      BlockContext context = BlockContext.of(reference.batch(), ids.length / reference.batch());
      float[] found = Architectures.load(again).forward(ids, context, Tape.off()).data();
      double difference = 0;
      double size = 0;
      for (int i = 0; i < expected.length; i++) {
        double d = (double) found[i] - expected[i];
        difference += d * d;
        size += (double) expected[i] * expected[i];
      }
      return difference == 0 ? 0 : Math.sqrt(difference / size);
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
