package dev.ashlar.cli;

import dev.ashlar.cli.command.Ashlar;
import dev.ashlar.cli.console.Console;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * Stands in for the program's main class (by {@code --patch-module}): damages inputs and runs
 * commands on them, for a time. Whatever a command says is right but "a bug in Ashlar", a status
 * other than 0, 1 and 2, running out of memory, and taking too long; such inputs are kept.
 *
 * <p>Arguments: minutes, seed, folder of fixtures, folder for what is kept.
 */
public final class Main {
  private static final int LIMIT_SECONDS = 60;
  private static final int LARGEST_SEED_FILE = 2 << 20;

  private final SplittableRandom random;
  private final Path keep;
  private final List<Path> models = new ArrayList<>();
  private final List<Path> containers = new ArrayList<>();
  private final List<Path> tokenizers = new ArrayList<>();
  private final List<Path> templates = new ArrayList<>();
  private final TreeMap<String, Integer> outcomes = new TreeMap<>();
  private final ExecutorService runner = Executors.newCachedThreadPool(Thread.ofPlatform().daemon().factory());
  private int findings;

  private Main(long seed, Path fixtures, Path keep) throws IOException {
    this.random = new SplittableRandom(seed);
    this.keep = keep;
    try (Stream<Path> all = Files.walk(fixtures)) {
      for (Path p : all.filter(Files::isRegularFile).sorted().toList()) {
        String name = p.getFileName().toString();
        if (Files.size(p) > LARGEST_SEED_FILE) {
          continue;
        }
        if (name.equals("config.json") && hasWeights(p.getParent())) {
          models.add(p.getParent());
        } else if (name.endsWith(".gguf")) {
          containers.add(p);
        } else if (p.getParent().endsWith("tokenizers") && name.matches("syn_.*[^s]\\.json|.*\\.model")) {
          tokenizers.add(p);
        } else if (name.equals("tokenizer_config.json") || name.endsWith(".jinja")) {
          templates.add(p);
        }
      }
    }
  }

  private static boolean hasWeights(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.anyMatch(f -> f.toString().endsWith(".safetensors"));
    }
  }

  /** Runs until the time is over; exits with 1 if anything was found. */
  public static void main(String[] args) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos((long) (60 * Double.parseDouble(args[0])));
    Main fuzz = new Main(Long.parseLong(args[1]), Path.of(args[2]), Path.of(args[3]));
    System.err.printf(
        "fuzz: %d models, %d containers, %d tokenizers, %d templates%n",
        fuzz.models.size(), fuzz.containers.size(), fuzz.tokenizers.size(), fuzz.templates.size());
    Path scratch = Files.createTempDirectory("fuzz");
    int runs = 0;
    while (System.nanoTime() < end) {
      fuzz.once(scratch.resolve("i" + runs));
      runs++;
      if (runs % 500 == 0) {
        System.err.println("fuzz: " + runs + " runs, " + fuzz.findings + " found");
      }
    }
    fuzz.outcomes.forEach((what, count) -> System.out.println(count + "\t" + what));
    System.out.println(runs + " runs, " + fuzz.findings + " found");
    remove(scratch);
    System.exit(fuzz.findings == 0 ? 0 : 1);
  }

  private void once(Path folder) throws IOException {
    Files.createDirectories(folder);
    boolean container = random.nextInt(6) == 0;
    Path model;
    if (container) {
      model = folder.resolve("m.gguf");
      Files.copy(one(containers), model);
    } else {
      model = folder.resolve("m");
      copy(one(models), model);
      Path tokenizer = one(tokenizers);
      boolean pieces = tokenizer.toString().endsWith(".model");
      Path own = model.resolve(pieces ? "tokenizer.model" : "tokenizer.json");
      if (!Files.exists(model.resolve("tokenizer.json"))) {
        Files.copy(tokenizer, own, StandardCopyOption.REPLACE_EXISTING);
      }
      if (!templates.isEmpty() && random.nextBoolean()) {
        Path template = one(templates);
        boolean jinja = template.toString().endsWith(".jinja");
        Files.write(model.resolve(jinja ? "chat_template.jinja" : "tokenizer_config.json"), Files.readAllBytes(template));
      }
    }
    Path text = folder.resolve(one(List.of("t.txt", "t.json", "t.jsonl")));
    Files.write(text, sample(text));
    List<Path> targets = new ArrayList<>(container ? List.of(model) : files(model));
    if (random.nextInt(4) == 0) {
      targets = List.of(text);
    }
    int damages = 1 + random.nextInt(3);
    for (int i = 0; i < damages; i++) {
      damage(one(targets));
    }
    String[] command = command(folder, model, text);
    String verdict = run(command);
    outcomes.merge(command[0] + ": " + (verdict.isEmpty() ? "right" : "wrong"), 1, Integer::sum);
    if (!verdict.isEmpty()) {
      findings++;
      Path kept = keep.resolve("f" + findings);
      Files.createDirectories(kept);
      copyTree(folder, kept);
      Files.writeString(kept.resolve("WHAT.txt"), String.join(" ", command) + "\n" + verdict + "\n");
      System.err.println("fuzz: " + kept + ": " + verdict.lines().findFirst().orElse(""));
    }
    remove(folder);
  }

  private String[] command(Path folder, Path model, Path text) {
    String m = model.toString();
    String out = folder.resolve("out").toString();
    return switch (random.nextInt(8)) {
      case 0 -> new String[] {"inspect", "--model", m};
      case 1, 2 -> new String[] {"generate", "--model", m, "--prompt", "One <|im_start|> é 世界 ", "--max-tokens", "3"};
      case 3 -> new String[] {"chat", "--model", m, "--max-tokens", "3", "--json"};
      case 4 -> new String[] {"eval", "--model", m, "--dataset", text.toString(), "--seqlen", "8", "--limit", "1"};
      case 5 -> new String[] {"convert", "--model", m, "--output-dir", out};
      case 6 -> new String[] {
        "quantize", "--model", m, "--dataset", text.toString(), "--iters", "1", "--nsamples", "2", "--seqlen", "8",
        "--group-size", "32", "--output-dir", out, "--format", one(List.of("auto_round", "auto_gptq", "fake"))
      };
      default -> new String[] {"quantize", "--model", m, "--method", "rtn", "--model-free", "--output-dir", out};
    };
  }

  /** Empty if all is right. */
  private String run(String[] command) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    System.setIn(new ByteArrayInputStream("Hello\nAnd?\n".getBytes(StandardCharsets.UTF_8)));
    Thread[] worker = new Thread[1];
    Future<Integer> status =
        runner.submit(
            () -> {
              worker[0] = Thread.currentThread();
              Console console = new Console(new PrintStream(out, true), new PrintStream(err, true), false);
              return new Ashlar(console).run(command);
            });
    String said;
    try {
      int code = status.get(LIMIT_SECONDS, TimeUnit.SECONDS);
      said = err.toString(StandardCharsets.UTF_8);
      if (code < 0 || code > 2) {
        return "status " + code + "\n" + said;
      }
    } catch (TimeoutException e) {
      String where = Arrays.stream(worker[0].getStackTrace()).map(f -> "  " + f).reduce("", (a, b) -> a + "\n" + b);
      return "takes more than " + LIMIT_SECONDS + " s at" + where;
    } catch (Exception e) {
      return "thrown: " + e.getCause();
    }
    boolean wrong = said.contains("bug in Ashlar") || said.contains("out of memory") || said.contains("\tat ");
    return wrong ? said : "";
  }

  // --- damage -----------------------------------------------------------------------------------------

  private byte[] sample(Path text) {
    String line = "The mason dresses the stone, and the wall stands. Zwölf Steine – 12 石. ";
    String many = line.repeat(1 + random.nextInt(8));
    String t =
        switch (text.getFileName().toString()) {
          case "t.json" -> "[{\"text\": \"" + many + "\"}, {\"text\": \"" + line + "\"}]";
          case "t.jsonl" -> random.nextBoolean()
              ? "{\"text\": \"" + many + "\"}\n{\"input_ids\": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}\n"
              : "{\"messages\": [{\"role\": \"user\", \"content\": \"" + line + "\"}]}\n";
          default -> many;
        };
    return t.getBytes(StandardCharsets.UTF_8);
  }

  private static final List<String> ODD_VALUES =
      List.of(
          "null", "true", "\"\"", "0", "-1", "1e308", "1e999", "NaN", "2147483647", "2147483648", "-9223372036854775808",
          "0.1", "[]", "{}", "[[]]", "\"\\ud800\"", "\"{{ x\"", "\"(a+)+$\"", "3", "[1,2]", "{\"a\":null}");

  private void damage(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    String name = file.toString();
    boolean json = name.endsWith(".json") || name.endsWith(".jsonl") || name.endsWith(".jinja") || name.endsWith(".txt");
    bytes = json && random.nextInt(4) != 0 ? damagedText(bytes) : damagedBytes(bytes);
    Files.write(file, bytes);
  }

  private byte[] damagedBytes(byte[] bytes) {
    if (bytes.length < 16) {
      return bytes;
    }
    // Headers are where meaning is.
    int reach = random.nextBoolean() ? Math.min(bytes.length, 4096) : bytes.length;
    int at = random.nextInt(reach - 8);
    byte[] changed = bytes.clone();
    switch (random.nextInt(4)) {
      case 0 -> changed[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> changed = Arrays.copyOf(bytes, random.nextInt(bytes.length));
      case 2 -> {
        long value = one(List.of(0L, -1L, 1L << 31, 1L << 32, 1L << 62, (long) random.nextInt()));
        for (int i = 0; i < 8; i++) {
          changed[at + i] = (byte) (value >>> (8 * i));
        }
      }
      default -> {
        int length = Math.min(random.nextInt(1, 64), bytes.length - at);
        byte[] shorter = new byte[bytes.length - length];
        System.arraycopy(bytes, 0, shorter, 0, at);
        System.arraycopy(bytes, at + length, shorter, at, shorter.length - at);
        changed = shorter;
      }
    }
    if (random.nextInt(5) == 0) {
      changed = changed.length == 0 ? changed : noise(changed);
    }
    return changed;
  }

  private byte[] noise(byte[] bytes) {
    byte[] changed = bytes.clone();
    int count = random.nextInt(1, 16);
    for (int i = 0; i < count; i++) {
      changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
    }
    return changed;
  }

  /** Replaces, removes or doubles a value or a word. */
  private byte[] damagedText(byte[] bytes) {
    String s = new String(bytes, StandardCharsets.UTF_8);
    int from = s.isEmpty() ? 0 : random.nextInt(s.length());
    int colon = s.indexOf(':', from);
    if (colon < 0) {
      colon = s.indexOf(':');
    }
    if (colon < 0 || random.nextInt(8) == 0) {
      int end = Math.min(s.length(), from + random.nextInt(1, 40));
      String middle = one(List.of("", "\"", "}", "{{", "{% for x in y %}", "\u0000", "[".repeat(3000), s.substring(from, end).repeat(3)));
      return (s.substring(0, from) + middle + s.substring(end)).getBytes(StandardCharsets.UTF_8);
    }
    int end = colon + 1;
    int depth = 0;
    while (end < s.length()) {
      char c = s.charAt(end);
      if (depth == 0 && (c == ',' || c == '}' || c == ']' || c == '\n')) {
        break;
      }
      depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
      end++;
    }
    String value = s.substring(colon + 1, end);
    String other =
        switch (random.nextInt(4)) {
          case 0 -> value + ", " + value;
          case 1 -> "\"" + "x".repeat(random.nextInt(100_000)) + "\"";
          default -> one(ODD_VALUES);
        };
    return (s.substring(0, colon + 1) + other + s.substring(end)).getBytes(StandardCharsets.UTF_8);
  }

  // --- files ------------------------------------------------------------------------------------------

  private <T> T one(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  /** What a program would read of a folder. */
  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    for (Path f : files(from)) {
      String name = f.getFileName().toString();
      if (!name.matches("(expected|grads|meta|trace).*") && Files.size(f) <= LARGEST_SEED_FILE) {
        Files.copy(f, to.resolve(name));
      }
    }
  }

  private static void copyTree(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path p : all.sorted().toList()) {
        Path target = to.resolve(from.relativize(p).toString());
        if (Files.isDirectory(p)) {
          Files.createDirectories(target);
        } else if (Files.isRegularFile(p)) {
          Files.copy(p, target);
        }
      }
    }
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(p);
      }
    }
  }
}
