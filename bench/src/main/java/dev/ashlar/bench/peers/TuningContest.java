package dev.ashlar.bench.peers;

import dev.ashlar.bench.SmolBlock;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.signround.SignRound;
import dev.ashlar.tuning.signround.SignRoundOptions;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One iteration of SignRound on a block of SmolLM2's shape, 4 samples of 256 tokens, 4 bits
 * asymmetric in groups of 64, float32. The loss before the first step has to agree.
 */
final class TuningContest {
  private static final int BATCH = 4;
  private static final int LENGTH = 256;
  private static final int ITERATIONS = 20;
  private static final String LAYER = "model.layers.0.";
  private static final List<String> WEIGHTS =
      List.of(
          "self_attn.q_proj",
          "self_attn.k_proj",
          "self_attn.v_proj",
          "self_attn.o_proj",
          "mlp.gate_proj",
          "mlp.up_proj",
          "mlp.down_proj");

  private TuningContest() {}

  static Contest of(Path file, int threads) {
    UnitTask task = task(loss -> {});
    write(file, task);
    return new Contest(
        "tuning",
        "SignRound iteration, SmolLM2 block, 4x256",
        Peer.TORCH,
        "tuning " + file,
        threads,
        0,
        "ms",
        1e-3,
        TuningContest::side);
  }

  private static Contest.Side side() {
    float[] losses = new float[1];
    boolean[] first = {true};
    UnitTask task =
        task(
            loss -> {
              if (first[0]) {
                losses[0] = (float) loss;
                first[0] = false;
              }
            });
    Runnable work =
        () -> {
          first[0] = true;
          new SignRound(SignRoundOptions.of(ITERATIONS)).quantize(task);
        };
    float[] result = new float[2];
    return new Contest.Side(
        work,
        ITERATIONS,
        () -> {
          Arrays.fill(result, losses[0]);
          return result;
        });
  }

  private interface LossListener {
    void loss(double value);
  }

  private static UnitTask task(LossListener listener) {
    Unit unit = Unit.of(List.of(Architectures.load(new SmolBlock()).block(0)));
    Activations inputs = Activations.zeros(BATCH, LENGTH, SmolBlock.DIM);
    Activations targets = Activations.zeros(BATCH, LENGTH, SmolBlock.DIM);
    BlockContext context = BlockContext.of(1, LENGTH);
    Tape tape = Tape.off();
    for (int i = 0; i < BATCH; i++) {
      Tensor in = Tensor.of(input(i), 1, LENGTH, SmolBlock.DIM);
      inputs.write(i, 1, in);
      targets.write(i, 1, unit.forward(in, context, tape));
      tape.release(0, null);
    }
    Map<String, QuantScheme> schemes = new LinkedHashMap<>();
    unit.weights().keySet().forEach(n -> schemes.put(n, new IntegerGrid(4, 64, false)));
    boolean[][] counted = new boolean[BATCH][LENGTH];
    for (boolean[] c : counted) {
      Arrays.fill(c, true);
    }
    return new UnitTask(
        0,
        unit,
        schemes,
        inputs,
        targets,
        counted,
        BATCH,
        1,
        7,
        (i, of, loss) -> listener.loss(loss));
  }

  private static float[] input(int sample) {
    return Numbers.of(10 + sample, LENGTH * SmolBlock.DIM);
  }

  /** Weights, inputs and the float block's outputs, as the peer reads them. */
  private static void write(Path file, UnitTask task) {
    List<float[]> parts = new ArrayList<>();
    try (WeightSource source = new SmolBlock()) {
      for (String name : WEIGHTS) {
        StoredTensor t = source.tensor(LAYER + name + ".weight");
        float[] w = new float[Math.toIntExact(t.shape().size())];
        t.read(0, w, 0, w.length);
        parts.add(w);
      }
    }
    for (int i = 0; i < BATCH; i++) {
      parts.add(input(i));
    }
    Tape tape = Tape.off();
    for (int i = 0; i < BATCH; i++) {
      Tensor in = Tensor.of(input(i), 1, LENGTH, SmolBlock.DIM);
      Tensor out = task.unit().forward(in, BlockContext.of(1, LENGTH), tape);
      parts.add(Arrays.copyOf(out.data(), LENGTH * SmolBlock.DIM));
      tape.release(0, null);
    }
    try (OutputStream stream = Files.newOutputStream(file)) {
      for (float[] part : parts) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * part.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(part);
        stream.write(bytes.array());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
