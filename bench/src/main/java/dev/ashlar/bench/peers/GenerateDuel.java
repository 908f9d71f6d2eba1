package dev.ashlar.bench.peers;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.nn.generate.Sampler;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;

/**
 * A prompt and 128 greedy tokens after it, by both sides in turn, each in a process that has done
 * it before. The texts are not compared: llama.cpp rounds activations to eight bits and llama3.java
 * adds in another order, so they part sooner or later.
 */
final class GenerateDuel {
  private static final int TOKENS = 128;
  private static final int WARM = 3;

  /** One line of the result. */
  record Line(String name, Duel.Outcome outcome) {}

  private final Path model;
  private final int threads;
  private final int rounds;
  private final int tokens;

  /**
   * @param tokens of the prompt
   */
  GenerateDuel(Path model, int threads, int rounds, int tokens) {
    this.model = model;
    this.threads = threads;
    this.rounds = rounds;
    this.tokens = tokens;
  }

  /** Prefill and decoding; the outcomes hold seconds per token. */
  List<Line> fight(PeerProcess peer) {
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      Generator generator =
          new Generator(
              Architectures.loadPacked(checkpoint, Backends.chosen()).runner(KvPrecision.F32),
              new Sampler(0, 0, 1, 1));
      int[] prompt = prompt();
      StringJoiner question = new StringJoiner(" ");
      question.add("" + TOKENS);
      for (int id : prompt) {
        question.add("" + id);
      }
      for (int i = 0; i < WARM; i++) {
        ours(generator, prompt);
      }
      peer.ask(question.toString());
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
          new Line("prompt of " + tokens, outcome(seconds[0], seconds[1])),
          new Line(TOKENS + " tokens after it", outcome(seconds[2], seconds[3])));
    }
  }

  private Generator.Result ours(Generator generator, int[] prompt) {
    generator.clear();
    return Parallel.limited(
        threads, () -> generator.generate(prompt, TOKENS, Set.of(), id -> true));
  }

  /** Ids that any vocabulary has. */
  private int[] prompt() {
    int[] ids = new int[tokens];
    Arrays.setAll(ids, i -> 300 + i * 7919 % 20000);
    return ids;
  }

  private static Duel.Outcome outcome(double[] ours, double[] theirs) {
    double[] ratios = new double[ours.length];
    Arrays.setAll(ratios, r -> theirs[r] / ours[r]);
    return Duel.Outcome.of(ours, theirs, ratios);
  }
}
