package dev.ashlar.bench.peers;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backends;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The comparison; {@code docs/performance.md} has the command. */
@CommandLine.Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    description = "Alternates Ashlar and its peers on this machine and prints medians and ratios.")
public final class Compare implements Callable<Integer> {
  /** What can be compared. */
  enum Group {
    PRODUCTS,
    ELEMENTWISE,
    ATTENTION,
    PACKED,
    TUNING,
    GENERATE,
    TOKENIZE,
    JLAMA,
    LLAMA3_JAVA
  }

  @Option(
      names = "--folder",
      required = true,
      description = "Where the peers are installed; may be thrown away.")
  private Path folder;

  @Option(
      names = "--python",
      description = "An environment that has the peers already, instead of installing them.")
  private Path python;

  @Option(names = "--model", description = "A GGUF file, for the groups generate and llama3_java.")
  private Path model;

  @Option(
      names = "--llama-bench",
      description =
          "A llama-bench that was built for this machine, for the group generate: with and without"
              + " flash attention, the better of both.")
  private Path llamaBench;

  @Option(
      names = "--prompts",
      split = ",",
      defaultValue = "512",
      description = "Tokens of prompts, for the group generate (default: 512).")
  private List<Integer> prompts;

  @Option(
      names = "--tokenizers",
      split = ",",
      description = "tokenizer.json files (or .json.gz), for the group tokenize.")
  private List<Path> tokenizers = List.of();

  @Option(names = "--texts", description = "A folder of .txt files, for the group tokenize.")
  private Path texts;

  @Option(
      names = "--groups",
      split = ",",
      description = "Among ${COMPLETION-CANDIDATES} (default: all but the last two).")
  private Set<Group> groups = EnumSet.complementOf(EnumSet.of(Group.JLAMA, Group.LLAMA3_JAVA));

  @Option(names = "--peers", split = ",", description = "Only these of ${COMPLETION-CANDIDATES}.")
  private Set<Peer> peers = EnumSet.allOf(Peer.class);

  @Option(names = "--threads", split = ",", description = "Thread counts (default: 1 and all).")
  private Set<Integer> threads;

  @Option(names = "--rounds", defaultValue = "5", description = "Odd (default: 5).")
  private int rounds;

  @Option(
      names = "--seconds",
      defaultValue = "0.3",
      description = "Each side works that long in a round (default: 0.3).")
  private double seconds;

  @Option(names = "--filter", description = "Only contests whose name holds this.")
  private String filter = "";

  private String heading = "";

  private Compare() {}

  /** Runs it; the exit status tells whether all results agreed. */
  public static void main(String[] args) {
    System.exit(
        new CommandLine(new Compare()).setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    if (threads == null) {
      threads = new LinkedHashSet<>(List.of(1, Parallel.threads()));
    }
    List<Contest> contests = new ArrayList<>();
    PeerFolder home = new PeerFolder(folder.toAbsolutePath(), python, wantedPeers());
    for (int t : threads) {
      contests.addAll(contests(home, t));
    }
    contests.removeIf(c -> !peers.contains(c.peer()) || !c.name().contains(filter));
    System.out.println(Backends.reason() + ", java " + Runtime.version());
    Duel duel = new Duel(rounds, seconds);
    for (Peer peer : peers) {
      for (int t : threads) {
        List<Contest> own =
            contests.stream().filter(c -> c.peer() == peer && c.threads() == t).toList();
        if (!own.isEmpty()) {
          fight(duel, home, own);
        }
      }
    }
    List<String> file = List.of(String.valueOf(model));
    generate(home, Group.GENERATE, Peer.LLAMA, file);
    generate(home, Group.GENERATE, Peer.LLAMA_BENCH, List.of(file.getFirst(), "" + llamaBench));
    generate(home, Group.LLAMA3_JAVA, Peer.LLAMA3_JAVA, file);
    return 0;
  }

  private boolean tokenizing() {
    return !tokenizers.isEmpty() && texts != null;
  }

  private Set<Peer> wantedPeers() {
    Set<Peer> wanted = EnumSet.noneOf(Peer.class);
    for (Group g : groups) {
      wanted.addAll(
          switch (g) {
            case PRODUCTS -> EnumSet.of(Peer.TORCH, Peer.NUMPY);
            case ELEMENTWISE, ATTENTION, TUNING -> EnumSet.of(Peer.TORCH);
            case PACKED -> EnumSet.of(Peer.GGML);
            case GENERATE -> EnumSet.of(llamaBench == null ? Peer.LLAMA : Peer.LLAMA_BENCH);
            case TOKENIZE ->
                tokenizing() ? EnumSet.of(Peer.TOKENIZERS) : EnumSet.noneOf(Peer.class);
            case JLAMA -> EnumSet.of(Peer.JLAMA);
            case LLAMA3_JAVA -> EnumSet.of(Peer.LLAMA3_JAVA);
          });
    }
    wanted.retainAll(peers);
    return wanted;
  }

  private List<Contest> contests(PeerFolder home, int t) {
    List<Contest> contests = new ArrayList<>();
    for (Group g : groups) {
      switch (g) {
        case PRODUCTS -> {
          contests.addAll(KernelContests.products(Peer.TORCH, t));
          contests.addAll(KernelContests.products(Peer.NUMPY, t));
        }
        case ELEMENTWISE -> contests.addAll(t == 1 ? KernelContests.pointwise() : List.of());
        case ATTENTION -> contests.addAll(KernelContests.attention(t));
        case PACKED -> contests.addAll(PackedContests.all(t));
        case TUNING -> contests.add(TuningContest.of(home.file("block.bin"), t));
        case TOKENIZE ->
            contests.addAll(
                t == 1 && tokenizing() ? TokenizerContests.all(tokenizers, texts) : List.of());
        case JLAMA -> contests.addAll(PackedContests.jlama(t));
        case GENERATE, LLAMA3_JAVA -> {}
      }
    }
    return contests;
  }

  private void fight(Duel duel, PeerFolder home, List<Contest> contests) {
    Contest first = contests.getFirst();
    try (PeerProcess peer = home.start(first.peer(), first.threads(), List.of())) {
      for (Contest c : contests) {
        show(c.group(), c.name(), c.peer(), c.threads(), c.work(), c.unit(), duel.fight(c, peer));
      }
    }
  }

  private void generate(PeerFolder home, Group group, Peer other, List<String> arguments) {
    if (!groups.contains(group) || !wantedPeers().contains(other) || model == null) {
      return;
    }
    for (int t : threads) {
      try (PeerProcess peer = home.start(other, t, arguments)) {
        System.out.println(other.title() + ": " + peer.ask(""));
        for (int prompt : prompts) {
          for (GenerateDuel.Line l : new GenerateDuel(model, t, rounds, prompt).fight(peer)) {
            show("generate", l.name(), other, t, 1, "tokens/s", l.outcome());
          }
        }
      }
    }
  }

  /** A row of a Markdown table; a new table where the group changes. */
  private void show(
      String group, String name, Peer peer, int t, double work, String unit, Duel.Outcome o) {
    String title = group + ", " + (work == 0 ? "ms" : unit);
    if (!title.equals(heading)) {
      heading = title;
      System.out.println("\n" + title + "\n");
      System.out.println("| work | threads | Ashlar | peer | | ratio | lowest–highest |");
      System.out.println("|---|---|---|---|---|---|---|");
    }
    System.out.printf(
        Locale.ROOT,
        "| %s | %d | %s | %s | %s | %.2f | %.2f–%.2f |%n",
        name,
        t,
        rate(work, o.ours()),
        rate(work, o.theirs()),
        peer.title(),
        o.ratio(),
        o.low(),
        o.high());
  }

  private static String rate(double work, double seconds) {
    double value = work == 0 ? seconds * 1e3 : work / seconds;
    return String.format(Locale.ROOT, value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value);
  }
}
