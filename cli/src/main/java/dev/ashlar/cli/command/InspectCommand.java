package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.ConsoleListener;
import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.inspect.CodeUse;
import dev.ashlar.engine.inspect.Comparison;
import dev.ashlar.engine.inspect.PartSize;
import dev.ashlar.engine.inspect.Unit;
import dev.ashlar.engine.inspect.Units;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.engine.model.Model;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what a checkpoint holds. */
@CommandLine.Command(
    description = "Shows a model's family, tensors, types, quantization and sizes.",
    footer = {
      "  ashlar inspect m.gguf",
      "  ashlar inspect out --all",
      "  ashlar inspect out --against ~/models/Qwen3-0.6B",
      "  ashlar inspect out --histogram --json"
    })
final class InspectCommand extends Command {
  private static final int SHOWN = 16;

  @Parameters(
      paramLabel = "PATH",
      description = "Model folder, .safetensors or .gguf file, hub id (ORG/NAME), or 'demo'.")
  String model;

  @Option(names = "--all", description = "List every tensor (default: some).")
  boolean all;

  @Option(
      names = "--against",
      paramLabel = "PATH",
      description =
          "Hold every tensor against that of another copy of the model, in whatever format, both"
              + " widened to floats: relative error, largest error, cosine. Ends with status 1 if a"
              + " tensor is only in one of them, has other extents, or holds NaN or infinity"
              + " (default: one model is shown).")
  String against;

  @Option(
      names = "--histogram",
      description =
          "Show how often each code of each packed matrix is used, and its entropy in bits.")
  boolean histogram;

  InspectCommand(Console console) {
    super(console);
  }

  /** One line of the list. */
  private record Entry(String name, String shape, String storage, long elements, long bytes) {}

  @Override
  Report execute() {
    requireUsage(against == null || !histogram, "--against and --histogram do not go together");
    ConsoleListener listener = new ConsoleListener(console);
    try (Model opened = Model.open(model, listener)) {
      Checkpoint c = opened.checkpoint();
      if (against != null) {
        return compared(c, listener);
      }
      if (histogram) {
        return codes(c, listener);
      }
      List<Entry> entries = new ArrayList<>();
      for (String name : c.names()) {
        StoredTensor t = c.tensor(name);
        entries.add(
            new Entry(name, t.shape().toString(), t.storage(), t.shape().size(), t.byteSize()));
      }
      for (String module : c.quantizedNames()) {
        entries.add(entry(c, module));
      }
      String type = String.valueOf(c.config().get("model_type"));
      boolean known = Architectures.find(type).isPresent();
      List<PartSize> parts = PartSize.of(Units.of(c).values());
      return new Report(text(c, type, known, entries, parts), json(c, type, known, entries, parts));
    }
  }

  private Report compared(Checkpoint c, ConsoleListener listener) {
    try (Model other = Model.open(against, listener)) {
      Checkpoint o = other.checkpoint();
      Comparison comparison = Comparison.of(c, o, listener);
      return new ComparisonReport(c.path(), o.path(), comparison)
          .report(all ? Integer.MAX_VALUE : SHOWN);
    }
  }

  private Report codes(Checkpoint c, ConsoleListener listener) {
    List<CodeUse> uses = new ArrayList<>();
    Collection<Unit> units = Units.of(c).values();
    try (Stage stage = listener.begin("counting codes", units.size())) {
      int done = 0;
      for (Unit unit : units) {
        CodeUse.of(unit).ifPresent(uses::add);
        stage.at(++done, unit.name());
      }
    }
    return new CodeUseReport(c.path(), uses).report(all ? Integer.MAX_VALUE : SHOWN);
  }

  private static Entry entry(Checkpoint c, String module) {
    QuantizedMatrix q = c.quantized(module).orElseThrow();
    String scheme = q.described().map(QuantScheme::toString).orElse(q.kind());
    String shape = "[" + q.out() + ", " + q.in() + "]";
    return new Entry(module, shape, scheme, (long) q.out() * q.in(), c.quantizedBytes(module));
  }

  private static Map<String, long[]> byStorage(List<Entry> entries) {
    Map<String, long[]> types = new TreeMap<>();
    for (Entry e : entries) {
      long[] sums = types.computeIfAbsent(e.storage(), s -> new long[3]);
      sums[0]++;
      sums[1] += e.elements();
      sums[2] += e.bytes();
    }
    return types;
  }

  private String text(
      Checkpoint c, String type, boolean known, List<Entry> entries, List<PartSize> parts) {
    StringBuilder s = new StringBuilder();
    long parameters = entries.stream().mapToLong(Entry::elements).sum();
    long bytes = entries.stream().mapToLong(Entry::bytes).sum();
    s.append(c.path()).append('\n');
    s.append("  family      ").append(type).append(known ? "" : " (not supported)").append('\n');
    s.append("  parameters  ").append(Figures.count(parameters)).append('\n');
    s.append("  size        ").append(Figures.bytes(bytes)).append('\n');
    for (String key : List.of("num_hidden_layers", "hidden_size", "vocab_size")) {
      if (c.config().get(key) != null) {
        s.append(String.format(Locale.ROOT, "  %-20s%s%n", key, c.config().get(key)));
      }
    }
    byStorage(entries)
        .forEach(
            (storage, sums) ->
                s.append(
                    String.format(
                        Locale.ROOT,
                        "  %-14s %5d tensors  %15s elements  %s%n",
                        storage,
                        sums[0],
                        Figures.count(sums[1]),
                        Figures.bytes(sums[2]))));
    for (PartSize p : parts) {
      s.append(
          String.format(
              Locale.ROOT,
              "  %-14s %5d tensors  %15s elements  %-8s  %.2f bits per weight%n",
              p.part().label(),
              p.tensors(),
              Figures.count(p.elements()),
              Figures.bytes(p.bytes()),
              p.bitsPerWeight()));
    }
    int shown = all ? entries.size() : Math.min(SHOWN, entries.size());
    for (Entry e : entries.subList(0, shown)) {
      s.append(String.format(Locale.ROOT, "  %-52s %-16s %s%n", e.name(), e.shape(), e.storage()));
    }
    if (shown < entries.size()) {
      s.append("  and ").append(entries.size() - shown).append(" more; --all lists them\n");
    }
    return s.toString();
  }

  private static Map<String, Object> json(
      Checkpoint c, String type, boolean known, List<Entry> entries, List<PartSize> parts) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("path", c.path().toString());
    json.put("modelType", type);
    json.put("supported", known);
    json.put("parameters", entries.stream().mapToLong(Entry::elements).sum());
    json.put("bytes", entries.stream().mapToLong(Entry::bytes).sum());
    json.put("parts", parts.stream().map(InspectCommand::json).toList());
    json.put("config", c.config());
    List<Object> tensors = new ArrayList<>();
    for (Entry e : entries) {
      Map<String, Object> t = new LinkedHashMap<>();
      t.put("name", e.name());
      t.put("shape", e.shape());
      t.put("type", e.storage());
      t.put("bytes", e.bytes());
      tensors.add(t);
    }
    json.put("tensors", tensors);
    return json;
  }

  private static Map<String, Object> json(PartSize p) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("part", p.part().label());
    json.put("tensors", p.tensors());
    json.put("parameters", p.elements());
    json.put("bytes", p.bytes());
    json.put("bitsPerWeight", p.bitsPerWeight());
    return json;
  }
}
