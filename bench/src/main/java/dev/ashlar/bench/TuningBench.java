package dev.ashlar.bench;

import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.StoredTensor;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.WeightSource;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedTensor;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.signround.SignRound;
import dev.ashlar.tuning.signround.SignRoundOptions;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One iteration of SignRound on a block of SmolLM2's shape with random weights, batch 4 of 256
 * tokens, 4 bits in groups of 64: forward, backward and sign step.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 2)
public class TuningBench {
  private static final int DIM = 576;
  private static final int LENGTH = 256;
  private static final int SAMPLES = 8;
  private static final int BATCH = 4;
  private static final int ITERATIONS = 10;

  @Param({"1", "2"})
  public int threads;

  private UnitTask task;

  /** Makes the block, and its float outputs for random inputs. */
  @Setup
  public void prepare() {
    Unit unit = Unit.of(List.of(Architectures.load(new RandomBlock()).block(0)));
    Activations inputs = Activations.zeros(SAMPLES, LENGTH, DIM);
    Activations targets = Activations.zeros(SAMPLES, LENGTH, DIM);
    Random random = new Random(1);
    Tape tape = Tape.off();
    BlockContext context = BlockContext.of(1, LENGTH);
    for (int i = 0; i < SAMPLES; i++) {
      float[] x = new float[LENGTH * DIM];
      for (int j = 0; j < x.length; j++) {
        x[j] = (float) random.nextGaussian();
      }
      Tensor in = Tensor.of(x, 1, LENGTH, DIM);
      inputs.write(i, 1, in);
      targets.write(i, 1, unit.forward(in, context, tape));
      tape.release(0, null);
    }
    Map<String, QuantScheme> schemes = new LinkedHashMap<>();
    unit.weights().keySet().forEach(n -> schemes.put(n, new QuantScheme(4, 64, false)));
    boolean[][] counted = new boolean[SAMPLES][LENGTH];
    for (boolean[] c : counted) {
      Arrays.fill(c, true);
    }
    task =
        new UnitTask(0, unit, schemes, inputs, targets, counted, BATCH, 1, 7, (i, of, loss) -> {});
  }

  @Benchmark
  @OperationsPerInvocation(ITERATIONS)
  public UnitResult iteration() {
    return Parallel.limited(
        threads, () -> new SignRound(SignRoundOptions.of(ITERATIONS)).quantize(task));
  }

  /** A checkpoint of one block that exists only as random numbers. */
  private static final class RandomBlock implements WeightSource {
    private static final int FEED_FORWARD = 1536;
    private static final int KEYS = 192;
    private static final int VOCABULARY = 16;

    private final Map<String, Shape> shapes = new LinkedHashMap<>();

    RandomBlock() {
      String block = "model.layers.0.";
      shapes.put("model.embed_tokens.weight", Shape.of(VOCABULARY, DIM));
      shapes.put("model.norm.weight", Shape.of(DIM));
      shapes.put(block + "input_layernorm.weight", Shape.of(DIM));
      shapes.put(block + "post_attention_layernorm.weight", Shape.of(DIM));
      shapes.put(block + "self_attn.q_proj.weight", Shape.of(DIM, DIM));
      shapes.put(block + "self_attn.k_proj.weight", Shape.of(KEYS, DIM));
      shapes.put(block + "self_attn.v_proj.weight", Shape.of(KEYS, DIM));
      shapes.put(block + "self_attn.o_proj.weight", Shape.of(DIM, DIM));
      shapes.put(block + "mlp.gate_proj.weight", Shape.of(FEED_FORWARD, DIM));
      shapes.put(block + "mlp.up_proj.weight", Shape.of(FEED_FORWARD, DIM));
      shapes.put(block + "mlp.down_proj.weight", Shape.of(DIM, FEED_FORWARD));
    }

    @Override
    public String description() {
      return "random block";
    }

    @Override
    public Map<String, Object> config() {
      return Map.ofEntries(
          Map.entry("model_type", "llama"),
          Map.entry("hidden_size", DIM),
          Map.entry("intermediate_size", FEED_FORWARD),
          Map.entry("num_hidden_layers", 1),
          Map.entry("num_attention_heads", 9),
          Map.entry("num_key_value_heads", 3),
          Map.entry("vocab_size", VOCABULARY),
          Map.entry("hidden_act", "silu"),
          Map.entry("rms_norm_eps", 1e-5),
          Map.entry("rope_theta", 100000.0),
          Map.entry("max_position_embeddings", 2048),
          Map.entry("tie_word_embeddings", true));
    }

    @Override
    public Set<String> names() {
      return shapes.keySet();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
      return Optional.ofNullable(shapes.get(name)).map(s -> new RandomTensor(name, s));
    }

    @Override
    public StoredTensor tensor(String name) {
      return find(name).orElseThrow(() -> fault(name, "a tensor", "nothing", ""));
    }

    @Override
    public Set<String> quantizedNames() {
      return Set.of();
    }

    @Override
    public Optional<QuantizedTensor> quantized(String module) {
      return Optional.empty();
    }

    @Override
    public RuntimeException fault(String tensor, String expected, String found, String hint) {
      return new IllegalArgumentException(tensor + ": expected " + expected + ", found " + found);
    }

    @Override
    public void close() {}
  }

  /** Norm weights of one, other weights normal with deviation 0.04. */
  private record RandomTensor(String name, Shape shape) implements StoredTensor {
    @Override
    public DType dtype() {
      return DType.F32;
    }

    @Override
    public long byteSize() {
      return 4 * shape.size();
    }

    @Override
    public void read(long from, float[] target, int offset, int count) {
      Random random = new Random(name.hashCode() + from);
      for (int i = 0; i < count; i++) {
        target[offset + i] = shape.rank() == 1 ? 1f : (float) random.nextGaussian() * 0.04f;
      }
    }

    @Override
    public void readBytes(long from, byte[] target, int offset, int count) {
      throw new UnsupportedOperationException("random numbers are stored nowhere");
    }
  }
}
