package dev.ashlar.bench.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ashlar.cli.model.Model;
import dev.ashlar.formats.tokenizer.Tokenizer;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.nn.generate.Sampler;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backends;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;

/**
 * A prompt of 512 tokens and 128 greedy ones after it, by both sides in turn, each in a process
 * that has done it before. The texts are not compared: llama.cpp rounds activations to eight bits,
 * so they part sooner or later.
 */
final class GenerateDuel {
  private static final int PROMPT = 512;
  private static final int TOKENS = 128;
  private static final int WARM = 3;

  /** Characters of the continuation that have to be the same. */
  private static final int SAME = 24;

  /** One line of the result. */
  record Line(String name, Duel.Outcome outcome) {}

  private final Path model;
  private final int threads;
  private final int rounds;

  GenerateDuel(Path model, int threads, int rounds) {
    this.model = model;
    this.threads = threads;
    this.rounds = rounds;
  }

  /** Prefill and decoding; the outcomes hold seconds per token. */
  List<Line> fight(PeerProcess peer) {
    try (Model opened = Model.open(model)) {
      Generator generator =
          new Generator(
              Architectures.loadPacked(opened.checkpoint(), Backends.chosen()),
              new Sampler(0, 0, 1, 1));
      int[] prompt = prompt(opened.tokenizer());
      StringJoiner question = new StringJoiner(" ");
      question.add("" + TOKENS);
      for (int id : prompt) {
        question.add("" + id);
      }
      for (int i = 0; i < WARM; i++) {
        ours(generator, prompt);
      }
      agree(opened.tokenizer().decode(ids(ours(generator, prompt))), peer.ask(question.toString()));
      double[][] seconds = new double[4][rounds];
      for (int r = 0; r < rounds; r++) {
        Duel.pause();
        Generator.Result result = ours(generator, prompt);
        Duel.pause();
        String[] theirs = peer.ask(question.toString()).split(" ", 3);
        seconds[0][r] = 1 / result.promptTokensPerSecond();
        seconds[1][r] = 1 / Double.parseDouble(theirs[0]);
        seconds[2][r] = 1 / result.tokensPerSecond();
        seconds[3][r] = 1 / Double.parseDouble(theirs[1]);
      }
      return List.of(
          new Line("prompt of " + PROMPT, outcome(seconds[0], seconds[1])),
          new Line(TOKENS + " tokens after it", outcome(seconds[2], seconds[3])));
    }
  }

  private Generator.Result ours(Generator generator, int[] prompt) {
    generator.clear();
    return Parallel.limited(
        threads, () -> generator.generate(prompt, TOKENS, Set.of(), id -> true));
  }

  private static int[] ids(Generator.Result result) {
    return result.tokens().stream().mapToInt(Integer::intValue).toArray();
  }

  /** Counting: how it goes on is beyond doubt, even for rounded activations. */
  private static int[] prompt(Tokenizer tokenizer) {
    StringJoiner text = new StringJoiner(", ");
    for (int i = 1; i <= PROMPT; i++) {
      text.add("" + i);
    }
    return Arrays.copyOf(tokenizer.encode(text.toString()), PROMPT);
  }

  private static void agree(String ours, String answer) {
    String text = new String(HexFormat.of().parseHex(answer.split(" ", 3)[2]), UTF_8);
    if (!ours.startsWith(text.substring(0, Math.min(text.length(), SAME)))) {
      throw new IllegalStateException(
          "llama.cpp goes on with '" + text + "', Ashlar with '" + ours + "'");
    }
  }

  private static Duel.Outcome outcome(double[] ours, double[] theirs) {
    double[] ratios = new double[ours.length];
    Arrays.setAll(ratios, r -> theirs[r] / ours[r]);
    return Duel.Outcome.of(ours, theirs, ratios);
  }
}
