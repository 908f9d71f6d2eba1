package dev.ashlar.nn.decoder;

import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.Linear;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * A decoder with weights: embedding, blocks, head. Blocks are loaded when they are first needed, so
 * that the source must stay open until then.
 *
 * <p>A decoder does not change; what changes is the content of its tensors, if somebody trains
 * them, and the caches and tapes that callers bring. Several threads may use one decoder, each with
 * a tape of its own.
 */
public final class Decoder {
  /** How blocks come into being. */
  @FunctionalInterface
  private interface Loader {
    Block load(int index);
  }

  /** A head that is loaded when it is first needed, once for all decoders that share it. */
  private static final class Lazy {
    private final boolean tied;
    private Supplier<Head> loader;
    private Head loaded;

    Lazy(boolean tied, Supplier<Head> loader) {
      this.tied = tied;
      this.loader = loader;
    }

    static Lazy of(Head head) {
      return new Lazy(head.tied(), () -> head);
    }

    synchronized Head get() {
      if (loaded == null) {
        loaded = loader.get();
        loader = null;
      }
      return loaded;
    }
  }

  private final DecoderSpec spec;
  private final Backend backend;
  private final Embedding embedding;
  private final Lazy head;
  private final Loader loader;
  private final Block[] blocks;

  private Decoder(
      DecoderSpec spec,
      Backend backend,
      Embedding embedding,
      Lazy head,
      Loader loader,
      Block[] blocks) {
    this.spec = spec;
    this.backend = backend;
    this.embedding = embedding;
    this.head = head;
    this.loader = loader;
    this.blocks = blocks;
  }

  /**
   * A decoder over the tensors of {@code source}, which are all checked to be there in their
   * shapes: for tuning or measuring its blocks, whose matrices are floats. The head is read when it
   * is first needed, and stays in 16 bits where it is stored so; rows of the embedding are read
   * when they are wanted. The source must stay open.
   *
   * @param backend packs the quantized matrices, and is what {@link #backend()} gives
   * @throws RuntimeException the source's own exception for the first tensor at fault
   */
  public static Decoder load(DecoderSpec spec, WeightSource source, Backend backend) {
    return load(spec, Weights.tuned(source, spec, backend));
  }

  /**
   * As {@link #load}, for training all of it: every tensor is in memory as floats, the embedding
   * among them, and given by {@link #forEachTensor}.
   */
  public static Decoder loadTrained(DecoderSpec spec, WeightSource source, Backend backend) {
    Decoder decoder = load(spec, Weights.trained(source, spec, backend));
    decoder.head.get();
    return decoder;
  }

  /**
   * As {@link #load}, for inference: matrices that the file holds in blocks of codes or in 16 bits
   * stay so instead of becoming floats. All blocks are read at once, by all threads.
   *
   * <p>Beside the reading, the kernels of the first tokens are called until they are compiled.
   */
  public static Decoder loadPacked(
      DecoderSpec spec, WeightSource source, Backend backend, InferenceOptions options) {
    return loadPacked(spec, source, backend, options, 0, true);
  }

  /**
   * As {@link #loadPacked(DecoderSpec, WeightSource, Backend, InferenceOptions)}, for running a
   * part of it: the other blocks, and the head, are read only if somebody asks for them.
   *
   * @param first the first of the blocks to read
   * @param withHead whether the head is read
   */
  public static Decoder loadPacked(
      DecoderSpec spec,
      WeightSource source,
      Backend backend,
      InferenceOptions options,
      int first,
      boolean withHead) {
    if (first == spec.blocks().size() && !withHead) {
      return load(spec, Weights.packed(source, spec, backend, options, null));
    }
    WarmUp warmUp = WarmUp.begin(spec, backend, options);
    try {
      Decoder decoder = load(spec, Weights.packed(source, spec, backend, options, warmUp));
      Parallel.rows(
          decoder.blockCount() - first,
          1,
          (from, to) -> {
            for (int i = first + from; i < first + to; i++) {
              decoder.blocks[i] = decoder.loader.load(i);
            }
          });
      if (withHead) {
        decoder.head.get();
      }
      warmUp.close();
      return decoder;
    } catch (RuntimeException | Error e) {
      warmUp.abandon();
      throw e;
    }
  }

  /**
   * As {@link #load}, for training something beside the weights: matrices that the file holds as
   * codes or in 16 bits stay so, and gradients pass them; see {@link
   * dev.ashlar.nn.layer.FrozenWeight}.
   */
  public static Decoder loadFrozen(DecoderSpec spec, WeightSource source, Backend backend) {
    return load(spec, Weights.frozen(source, spec, backend));
  }

  private static Decoder load(DecoderSpec spec, Weights weights) {
    check(spec, weights);
    Embedding embedding = Embedding.load(spec, weights);
    Head.check(spec.head(), weights);
    Rotaries rotaries = new Rotaries();
    return new Decoder(
        spec,
        weights.backend(),
        embedding,
        new Lazy(
            Head.isTied(spec.head(), weights),
            () -> Head.load(spec.head(), spec.embedding().name(), embedding, weights)),
        i -> DecoderBlock.load(i, spec.blocks().get(i), weights, rotaries),
        new Block[spec.blocks().size()]);
  }

  private static void check(DecoderSpec spec, Weights weights) {
    for (BlockSpec block : spec.blocks()) {
      String parent = block.name() + ".";
      block.norms().forEach(n -> weights.check(parent, n));
      block.linears().forEach(l -> weights.check(parent, l));
    }
  }

  public DecoderSpec spec() {
    return spec;
  }

  /** What it was loaded for: tapes that run it should be on the same. */
  public Backend backend() {
    return backend;
  }

  public int blockCount() {
    return blocks.length;
  }

  /** Block {@code i}, loaded on first use and kept. */
  public Block block(int i) {
    synchronized (blocks) {
      if (blocks[i] == null) {
        blocks[i] = loader.load(i);
      }
      return blocks[i];
    }
  }

  /** Block {@code i} fresh from the source; not kept, so that it can be replaced and forgotten. */
  public Block loadBlock(int i) {
    return loader.load(i);
  }

  /** The same decoder with other blocks, one for each of its own. */
  public Decoder withBlocks(List<? extends Block> others) {
    if (others.size() != blocks.length) {
      throw new IllegalArgumentException(
          others.size() + " blocks for a decoder of " + blocks.length);
    }
    return new Decoder(spec, backend, embedding, head, loader, others.toArray(new Block[0]));
  }

  /**
   * A decoder whose linear maps have the weights that {@code f} gives for them: those of all
   * blocks, and the output head unless it is tied to the embedding.
   *
   * @param f from the complete module name ({@code model.layers.0.self_attn.q_proj}) and the
   *     present weight
   */
  public Decoder mapWeights(BiFunction<String, Weight, Weight> f) {
    Block[] mapped = new Block[blocks.length];
    for (int i = 0; i < mapped.length; i++) {
      Block b = block(i);
      mapped[i] = b.mapWeights((name, weight) -> f.apply(b.name() + "." + name, weight));
    }
    return new Decoder(spec, backend, embedding, Lazy.of(head.get().mapWeights(f)), loader, mapped);
  }

  /**
   * A decoder with the tensors that {@code f} gives for those of all blocks and of the head (norms,
   * biases, routers), by complete checkpoint name; matrices of linear maps are {@link
   * #mapWeights}'s.
   */
  public Decoder mapTensors(BiFunction<String, Tensor, Tensor> f) {
    Block[] mapped = new Block[blocks.length];
    for (int i = 0; i < mapped.length; i++) {
      Block b = block(i);
      mapped[i] = b.mapTensors((name, t) -> f.apply(b.name() + "." + name, t));
    }
    return new Decoder(spec, backend, embedding, Lazy.of(head.get().mapTensors(f)), loader, mapped);
  }

  /** The same for the output head alone; blocks stay as they are, loaded or not. */
  public Decoder mapHead(BiFunction<String, Weight, Weight> f) {
    return new Decoder(spec, backend, embedding, Lazy.of(head.get().mapWeights(f)), loader, blocks);
  }

  /**
   * The same decoder with the tensors that {@code f} gives for those of the head (norm, bias), by
   * complete checkpoint name; the output's matrix is {@link #mapHead}'s.
   */
  public Decoder mapHeadTensors(BiFunction<String, Tensor, Tensor> f) {
    return new Decoder(spec, backend, embedding, Lazy.of(head.get().mapTensors(f)), loader, blocks);
  }

  /**
   * Gives {@code f} every dense tensor by its checkpoint name, embedding first, head last. The
   * tensors are the live ones: what training changes in them is what the decoder computes with. A
   * matrix that the checkpoint holds transposed ({@link LinearSpec#transposed}) is given as {@code
   * [out, in]}.
   */
  public void forEachTensor(BiConsumer<String, Tensor> f) {
    embedding.forEachTensor(f);
    for (int i = 0; i < blocks.length; i++) {
      Block b = block(i);
      b.mapWeights(
          (name, weight) -> {
            if (weight instanceof DenseWeight d) {
              f.accept(b.name() + "." + name + ".weight", d.matrix());
            }
            return weight;
          });
      b.forEachTensor((name, t) -> f.accept(b.name() + "." + name, t));
    }
    head.get().mapTensorsAndWeight(Linear.visiting(f));
  }

  /** Whether the output head is the embedding table. */
  public boolean tiedHead() {
    return head.tied;
  }

  /**
   * The first hidden state, {@code [rows, dim]}.
   *
   * @param ids token ids {@code [rows]}, sequence after sequence
   */
  public Tensor embed(int[] ids, BlockContext context, Tape tape) {
    return embedding.forward(ids, context, tape);
  }

  /**
   * The hidden state after all blocks, before the final norm, {@code [batch, length, dim]}. Buffers
   * of each block are released if the tape is off.
   */
  public Tensor hidden(int[] ids, BlockContext context, Tape tape) {
    return hidden(ids, context, tape, () -> false);
  }

  /** The same, asking between blocks whether to go on. */
  Tensor hidden(int[] ids, BlockContext context, Tape tape, BooleanSupplier cancelled) {
    int mark = tape.mark();
    Tensor x = through(0, embed(ids, context, tape), mark, context, tape, cancelled);
    context.advance();
    return x;
  }

  /**
   * {@code x} behind the blocks from {@code first} on; the caches are not advanced.
   *
   * @param mark of the tape, from which on buffers are released if it is off
   */
  Tensor through(
      int first, Tensor x, int mark, BlockContext context, Tape tape, BooleanSupplier cancelled) {
    for (int i = first; i < blocks.length; i++) {
      if (cancelled.getAsBoolean()) {
        throw new CancellationException("cancelled before block " + i);
      }
      x = block(i).forward(x, context, tape);
      if (!tape.isRecording()) {
        tape.release(mark, x);
      }
    }
    return x;
  }

  /**
   * What continues sequences with this decoder, on its backend.
   *
   * @param precision at which keys and values are kept
   */
  public Runner runner(KvPrecision precision) {
    return runner(precision, DecoderRunner.PAGE_TOKENS);
  }

  /**
   * The same.
   *
   * @param pageTokens tokens of a page of keys and values: what a sequence grows by, and what
   *     sequences can share
   */
  public Runner runner(KvPrecision precision, int pageTokens) {
    return new DecoderRunner(this, 0, new KvPool(spec.blocks(), precision, pageTokens));
  }

  /**
   * What continues sequences in the blocks from {@code first} on, of which there may be none,
   * behind somebody who computes the others.
   */
  public LastBlocks lastBlocks(int first, KvPrecision precision) {
    KvPool pool = new KvPool(spec.blocks(), first, precision, DecoderRunner.PAGE_TOKENS);
    return new LastBlocks(new DecoderRunner(this, first, pool));
  }

  /** What the output map sees: {@code hidden} after the final norm. */
  public Tensor finalNorm(Tensor hidden, Tape tape) {
    return head.get().normalize(hidden, tape);
  }

  /** Final norm and output map: logits {@code [.., vocab]} for {@code hidden [.., dim]}. */
  public Tensor head(Tensor hidden, Tape tape) {
    return head.get().logits(head.get().normalize(hidden, tape), tape);
  }

  /** Logits {@code [batch, length, vocab]}; see {@link #hidden}. */
  public Tensor forward(int[] ids, BlockContext context, Tape tape) {
    return head(hidden(ids, context, tape), tape);
  }
}
