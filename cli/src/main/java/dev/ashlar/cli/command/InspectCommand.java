package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.ConsoleListener;
import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.model.Model;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
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
      "  ashlar inspect out --json"
    })
final class InspectCommand extends Command {
  private static final int SHOWN = 16;

  @Parameters(
      paramLabel = "PATH",
      description = "Model folder, .safetensors or .gguf file, hub id (ORG/NAME), or 'demo'.")
  String model;

  @Option(names = "--all", description = "List every tensor (default: the first ones).")
  boolean all;

  InspectCommand(Console console) {
    super(console);
  }

  /** One line of the list. */
  private record Entry(String name, String shape, String storage, long elements, long bytes) {}

  @Override
  Report execute() {
    try (Model opened = Model.open(model, new ConsoleListener(console))) {
      Checkpoint c = opened.checkpoint();
      List<Entry> entries = new ArrayList<>();
      for (String name : c.names()) {
        StoredTensor t = c.tensor(name);
        entries.add(
            new Entry(name, t.shape().toString(), t.storage(), t.shape().size(), t.byteSize()));
      }
      for (String module : c.quantizedNames()) {
        entries.add(entry(module, c.quantized(module).orElseThrow()));
      }
      String type = String.valueOf(c.config().get("model_type"));
      boolean known = Architectures.find(type).isPresent();
      return new Report(text(c, type, known, entries), json(c, type, known, entries));
    }
  }

  private static Entry entry(String module, QuantizedMatrix q) {
    long elements = (long) q.out() * q.in();
    long groups = (long) q.out() * q.groupsPerRow();
    int bits = q.codes().bits();
    // Small floats have no zero points.
    boolean zeros = q.codes() instanceof Codes.Integers;
    long bytes = (elements * bits + (zeros ? groups * bits : 0) + 7) / 8 + 2 * groups;
    bytes += q.outliers().map(o -> o.byteSize()).orElse(0L);
    String scheme = q.described().map(QuantScheme::toString).orElse(q.kind());
    return new Entry(module, "[" + q.out() + ", " + q.in() + "]", scheme, elements, bytes);
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

  private String text(Checkpoint c, String type, boolean known, List<Entry> entries) {
    StringBuilder s = new StringBuilder();
    long parameters = entries.stream().mapToLong(Entry::elements).sum();
    long bytes = entries.stream().mapToLong(Entry::bytes).sum();
    s.append(c.path()).append('\n');
    s.append("  family      ").append(type).append(known ? "" : " (not supported)").append('\n');
    s.append("  parameters  ").append(Figures.count(parameters)).append('\n');
    s.append("  size        ").append(Figures.bytes(bytes)).append('\n');
    for (String key : List.of("num_hidden_layers", "hidden_size", "vocab_size")) {
      if (c.config().get(key) != null) {
        s.append(String.format("  %-20s%s%n", key, c.config().get(key)));
      }
    }
    byStorage(entries)
        .forEach(
            (storage, sums) ->
                s.append(
                    String.format(
                        "  %-14s %5d tensors  %15s elements  %s%n",
                        storage, sums[0], Figures.count(sums[1]), Figures.bytes(sums[2]))));
    int shown = all ? entries.size() : Math.min(SHOWN, entries.size());
    for (Entry e : entries.subList(0, shown)) {
      s.append(String.format("  %-52s %-16s %s%n", e.name(), e.shape(), e.storage()));
    }
    if (shown < entries.size()) {
      s.append("  and ").append(entries.size() - shown).append(" more; --all lists them\n");
    }
    return s.toString();
  }

  private Map<String, Object> json(Checkpoint c, String type, boolean known, List<Entry> entries) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("path", c.path().toString());
    json.put("modelType", type);
    json.put("supported", known);
    json.put("parameters", entries.stream().mapToLong(Entry::elements).sum());
    json.put("bytes", entries.stream().mapToLong(Entry::bytes).sum());
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
}
