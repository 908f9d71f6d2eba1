package dev.ashlar.bench.peers;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.InferenceOptions;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.nn.generate.Sampler;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * What a model makes of token ids, for programs that compare it with a peer's: the scripts under
 * {@code bench/interop}.
 *
 * <p>{@code java --add-modules jdk.incubator.vector -cp … dev.ashlar.bench.peers.Logits NEW JOBS…},
 * each job {@code MODEL OUT ID,ID,…}: OUT gets the logits {@code [ids, vocab]} as float32,
 * little-endian, and standard output a line with the NEW likeliest tokens after the ids.
 */
public final class Logits {
  private Logits() {}

  /** Runs the jobs one after the other. */
  public static void main(String[] args) throws IOException {
    int tokens = Integer.parseInt(args[0]);
    for (int i = 1; i < args.length; i += 3) {
      int[] ids = Arrays.stream(args[i + 2].split(",")).mapToInt(Integer::parseInt).toArray();
      System.out.println(run(Path.of(args[i]), Path.of(args[i + 1]), ids, tokens));
    }
  }

  private static String run(Path model, Path out, int[] ids, int tokens) throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      Runner runner =
          Architectures.loadPacked(checkpoint, Backends.chosen(), InferenceOptions.defaults())
              .runner(KvPrecision.F32);
      Tensor hidden = runner.hidden(List.of(Runner.Part.of(runner.newCache(), ids)), () -> false);
      Tensor logits = runner.head(hidden);
      ByteBuffer bytes =
          ByteBuffer.allocate(logits.size() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(logits.data(), 0, logits.size());
      Files.write(out, bytes.array());
      List<Integer> after =
          new Generator(runner, Sampler.greedy())
              .generate(ids, tokens, Set.of(), t -> true)
              .tokens();
      return String.join(" ", after.stream().map(String::valueOf).toList());
    }
  }
}
