package dev.ashlar.engine;

import dev.ashlar.engine.quantize.QuantizeRequest;
import dev.ashlar.engine.quantize.QuantizeRequest.CalibrationRequest;
import dev.ashlar.tensor.DType;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.calibration.Calibration;
import dev.ashlar.tuning.calibration.DatasetSpec;
import dev.ashlar.tuning.calibration.Documents;
import dev.ashlar.tuning.method.Effort;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/** What a {@link Quantization} was told of data and of how blocks are tuned on them. */
final class TuningSettings {
  /** Numbers that can be set, by the name of the method that sets them. */
  enum Count {
    SAMPLES("samples", 1),
    LENGTH("length", 2),
    BATCH_SIZE("batchSize", 1),
    ACCUMULATION("gradientAccumulation", 1),
    NBLOCKS("nblocks", 1);

    private final String word;
    private final int least;

    Count(String word, int least) {
      this.word = word;
      this.least = least;
    }
  }

  private final List<Calibration.Source> data = new ArrayList<>();
  private final Map<Count, Integer> counts = new EnumMap<>(Count.class);
  private boolean concatenated;
  private boolean floatInputs;
  private DType streamType = DType.F32;
  private long seed = RunOptions.defaults().seed();

  /**
   * Sets a number.
   *
   * @throws IllegalArgumentException if it is too small
   */
  void set(Count what, int value) {
    if (value < what.least) {
      throw new IllegalArgumentException(
          what.word + " must be at least " + what.least + ": " + value);
    }
    counts.put(what, value);
  }

  private int count(Count what, int fallback) {
    return counts.getOrDefault(what, fallback);
  }

  void concatenated() {
    this.concatenated = true;
  }

  void floatInputs() {
    this.floatInputs = true;
  }

  void streamType(DType type) {
    this.streamType = type;
  }

  void seed(long value) {
    this.seed = value;
  }

  /** Adds data. */
  void add(DatasetSpec spec, Documents documents) {
    data.add(new Calibration.Source(spec, documents));
  }

  /** Adds a running text. */
  void add(String text) {
    add(unnamed(false), new Documents.PlainText(text));
  }

  /**
   * Adds separate documents.
   *
   * @param all is read to its end
   * @param chats whether they are for the model's chat template
   */
  <T> void addAll(Iterator<T> all, Function<T, Documents.Document> each, boolean chats) {
    List<Documents.Document> documents = new ArrayList<>();
    all.forEachRemaining(one -> documents.add(each.apply(one)));
    add(unnamed(chats), new Documents.Separate(documents));
  }

  private DatasetSpec unnamed(boolean chats) {
    String name = "data set " + (data.size() + 1);
    return new DatasetSpec(name, List.of(), OptionalInt.empty(), false, chats, "");
  }

  /** The data to tune on. */
  CalibrationRequest calibration(Effort effort) {
    return new CalibrationRequest(
        Optional.empty(),
        data.stream().map(this::settled).toList(),
        count(Count.SAMPLES, effort.samples()),
        count(Count.LENGTH, effort.length()));
  }

  private Calibration.Source settled(Calibration.Source s) {
    DatasetSpec of = s.spec();
    return new Calibration.Source(
        new DatasetSpec(
            of.name(),
            of.splits(),
            of.num(),
            of.concat() || concatenated,
            of.chatTemplate(),
            of.systemPrompt()),
        s.documents());
  }

  /** How the model is walked through. */
  RunOptions run(Effort effort) {
    return new RunOptions(
        count(Count.BATCH_SIZE, effort.batchSize()),
        count(Count.ACCUMULATION, 1),
        count(Count.NBLOCKS, 1),
        !floatInputs,
        seed,
        streamType);
  }

  /** A sentence on what was set and does nothing. */
  Optional<String> idle(QuantizeRequest request) {
    List<String> idle = new ArrayList<>();
    String reason = " is not tuned on any data";
    if (!request.needsData()) {
      if (!data.isEmpty() && request.automatic().isEmpty()) {
        idle.add("data");
      }
      counts.keySet().forEach(c -> idle.add(c.word));
      if (floatInputs) {
        idle.add("floatInputs");
      }
      if (streamType != DType.F32) {
        idle.add("streamType");
      }
    } else if (counts.containsKey(Count.ACCUMULATION) && !request.quantizer().needsTargets()) {
      idle.add(Count.ACCUMULATION.word);
      reason = " takes no steps on a loss";
    }
    String have = idle.size() == 1 ? " has" : " have";
    return idle.isEmpty()
        ? Optional.empty()
        : Optional.of(
            String.join(", ", idle) + have + " no effect: method " + request.method() + reason);
  }
}
