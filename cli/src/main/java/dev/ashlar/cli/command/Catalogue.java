package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Figures;
import dev.ashlar.engine.ModelOptions;
import dev.ashlar.engine.quantize.NamedScheme;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.formats.hub.CachedModel;
import dev.ashlar.formats.hub.HubCache;
import dev.ashlar.nn.architecture.Architecture;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.device.DeviceProvider;
import dev.ashlar.nn.device.Devices;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.method.Effort;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.Method.Spelling;
import dev.ashlar.tuning.method.MethodOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What there is to choose from, gathered from those who know it. */
final class Catalogue {
  /**
   * One kind of choice.
   *
   * @param name as it is asked for
   * @param title where the choice is made
   */
  record Section(String name, String title, List<Entry> entries) {}

  /**
   * One choice.
   *
   * @param description one line, or empty where the name says all
   * @param details more lines
   * @param facts what machines are told besides
   */
  record Entry(String name, String description, List<String> details, Map<String, Object> facts) {
    Entry(String name, String description, List<String> details) {
      this(name, description, details, Map.of());
    }

    Entry(String name, String description) {
      this(name, description, List.of());
    }
  }

  private static final String USUAL = " (the default)";
  private static final int SHORT_COMMIT = 8;

  private Catalogue() {}

  /** Everything. */
  static List<Section> all() {
    return List.of(
        formats(), methods(), recipes(), schemes(), families(), data(), backends(), models());
  }

  private static Section formats() {
    List<Entry> entries =
        ExportFormats.ALL.stream()
            .map(
                f -> {
                  String usual = f == ExportFormats.ALL.getFirst() ? USUAL : "";
                  return new Entry(f.name(), f.description() + usual);
                })
            .toList();
    return new Section("formats", "what quantize --format writes", entries);
  }

  private static Section methods() {
    List<Entry> entries = new ArrayList<>();
    for (Method m : Methods.all()) {
      String usual = m == Methods.DEFAULT ? USUAL : "";
      List<String> details = m.options().stream().map(Catalogue::option).toList();
      entries.add(new Entry(m.name(), m.description() + usual, details));
    }
    return new Section("methods", "how quantize --method chooses codes", entries);
  }

  private static String option(Method.Option o) {
    String spelled =
        switch (o.spelling()) {
          case Spelling.Named n -> "--" + o.name().replace('_', '-') + " " + n.label();
          case Spelling.Switch s -> "--" + s.flag();
          case Spelling.Pair p -> "--method-option " + o.name() + "=…";
        };
    return spelled + ": " + MethodArguments.described(o);
  }

  private static Section recipes() {
    List<Entry> entries = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>();
    Methods.all().forEach(m -> m.efforts().forEach(e -> names.add(e.recipe())));
    for (String name : names) {
      List<String> details =
          Methods.all().stream()
              .flatMap(m -> m.effort(name).stream().map(e -> effort(m, e)))
              .toList();
      String usual = name.equals(Effort.DEFAULT) ? "of those who ask for none" : "";
      entries.add(new Entry(name, usual, details));
    }
    return new Section("recipes", "how hard quantize --recipe tries", entries);
  }

  private static String effort(Method method, Effort e) {
    if (!method.create(MethodOptions.none()).needsInputs()) {
      return method.name() + ": needs no data";
    }
    StringBuilder text = new StringBuilder(method.name()).append(": ");
    e.options().forEach((name, value) -> text.append(name).append(' ').append(value).append(", "));
    return text.append(e.samples())
        .append(" samples of ")
        .append(e.length())
        .append(" tokens, batches of ")
        .append(e.batchSize())
        .toString();
  }

  private static Section schemes() {
    List<Entry> entries = new ArrayList<>();
    for (int bits = 2; bits <= 8; bits++) {
      String usual = bits == NamedScheme.DEFAULT.bits() ? USUAL : "";
      String groups = "groups of " + NamedScheme.DEFAULT.groupSize();
      entries.add(new Entry("W" + bits + "A16", bits + " bits, " + groups + usual));
    }
    entries.add(new Entry("W4A16G64", "the same with groups of 64; of any other size likewise"));
    entries.add(new Entry("W4A8", "4 bits, and inputs of 8 bits; A4 for inputs of 4 bits"));
    entries.add(new Entry("INT8", "8 bits, whole rows, and inputs of 8 bits; also W8A8"));
    entries.add(new Entry("INT4", "4 bits, whole rows, and inputs of 4 bits"));
    entries.add(new Entry("MXFP4", "FP4 in blocks of 32 with powers of two, and inputs alike"));
    entries.add(new Entry("MXFP8", "the same of FP8; --act-bits 16 takes inputs as they are"));
    entries.add(
        new Entry("NVFP4", "FP4 in blocks of 16 with FP8 scales and a float, and inputs alike"));
    entries.add(
        new Entry("FP8_STATIC", "FP8, whole rows, and FP8 inputs with one scale from the data"));
    entries.add(
        new Entry("FP8_BLOCK", "FP8 in tiles of 128 x 128, and FP8 inputs in groups of 128"));
    entries.add(new Entry("FPW8A16", "FP8 with one scale for a matrix"));
    entries.add(
        new Entry("GGUF:Q4_K_M", "the types of such a file, layer by layer; any of gguf's types"));
    return new Section("schemes", "the grids of quantize --scheme", entries);
  }

  private static Section families() {
    List<Entry> entries =
        Architectures.all().stream()
            .map(Architecture::modelType)
            .sorted()
            .map(type -> new Entry(type, ""))
            .toList();
    return new Section("families", "values of model_type that can be run and tuned", entries);
  }

  private static Section data() {
    return new Section(
        "data",
        "what --dataset of quantize, eval and finetune takes",
        List.of(
            new Entry("FILE.txt", "one running text, cut into samples"),
            new Entry("FILE.jsonl, .ndjson", "a text a line: a string, or an object with one"),
            new Entry("FILE.json", "a list of such texts"),
            new Entry("FILE:apply_chat_template", "conversations, by the model's template"),
            new Entry("ORG/NAME", "a data set in the hub's local cache"),
            new Entry("FILE:system_prompt=TEXT", "conversations behind this system message"),
            new Entry("FOLDER:split=test", "files of a split, of a folder or cached data set"),
            new Entry("FILE:num=64", "so many samples of this file; others from the rest"),
            new Entry("FILE:concat", "texts joined before they are cut into samples"),
            new Entry("FILE,FILE", "several, in even shares unless num says otherwise"),
            new Entry("A\\,B.txt", "a comma or colon of the path itself"),
            new Entry("(nothing)", "quantize: a small built-in text; the demo has its own")));
  }

  private static Section backends() {
    List<Entry> entries = new ArrayList<>();
    entries.add(
        new Entry(
            ModelOptions.AUTO,
            Backends.chosen().name() + ", or a device that was measured to be faster" + USUAL));
    for (Backends.Candidate c : Backends.candidates()) {
      if (Devices.ofProcess().named(c.name()).isEmpty()) {
        entries.add(new Entry(c.name(), c.availability().reason()));
      }
    }
    for (DeviceProvider p : Devices.ofProcess().providers()) {
      String reason = p.availability().reason();
      entries.add(new Entry(p.name() + "[:DEVICE]", "generate, chat, eval; " + reason));
      p.devices().forEach(d -> entries.add(new Entry(p.name() + ":" + d.index(), d.name())));
    }
    return new Section("backends", "what computes, by --backend", entries);
  }

  private static Section models() {
    HubCache hub = HubCache.ofProcess();
    List<Entry> entries = hub.models().stream().map(Catalogue::model).toList();
    String none = entries.isEmpty() ? "; there are none" : "";
    return new Section("models", "in the hub's local cache, " + hub.folder() + none, entries);
  }

  private static Entry model(CachedModel m) {
    List<String> words = new ArrayList<>(List.of(Figures.bytes(m.bytes())));
    m.references().forEach((name, commit) -> words.add(name + " is " + shortened(commit)));
    if (m.references().isEmpty()) {
      m.commits().forEach(c -> words.add(shortened(c)));
    }
    if (!m.whole()) {
      words.add("not all there");
    }
    List<String> ggufs = m.ggufs().stream().map(f -> ":" + f).toList();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("path", m.folder().toString());
    facts.put("bytes", m.bytes());
    facts.put("references", m.references());
    facts.put("commits", m.commits());
    facts.put("whole", m.whole());
    return new Entry(m.id(), String.join(", ", words), ggufs, facts);
  }

  private static String shortened(String commit) {
    return commit.substring(0, Math.min(SHORT_COMMIT, commit.length()));
  }
}
