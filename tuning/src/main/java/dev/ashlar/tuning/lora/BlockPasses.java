package dev.ashlar.tuning.lora;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Remembered;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tuning.walk.BlockInputs;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/**
 * The way forward through a model's blocks and back, one batch after the other. What flows into
 * each block is kept, and results of products and attention are kept for as many of the last blocks
 * as there is memory for; the way back computes the rest of a block once more, to the same bits,
 * which takes little time where these results are there.
 *
 * <p>The first batch shows what a block takes; from the second on blocks are kept.
 */
final class BlockPasses {
  /** A block's way forward, to go back through. */
  private static final class Pass {
    private final Block block;
    private final List<TrainedFactors> trained;

    /** What is kept of the most tokens that went through it. */
    private long bytes;

    private int tokens;

    private final Remembered results;

    /** Whether {@link #results} are those of the present batch. */
    private boolean kept;

    Pass(Block block, List<TrainedFactors> trained, Workspace own) {
      this.block = block;
      this.trained = trained;
      this.results = new Remembered(own);
    }

    boolean isKept() {
      return kept;
    }

    /**
     * Forward, with results that are kept if there are any, else keeping them.
     *
     * @param first whether nobody wants the gradient of {@code in}
     * @param in unchanged until the way back
     */
    Tensor run(Tensor in, BlockContext context, boolean first, Tape on) {
      on.remember(results);
      if (kept) {
        results.rewind();
      }
      for (TrainedFactors f : trained) {
        // Added to zeros: an expert that saw no token gets no gradient.
        on.watch(f.down(), f.downGradient(), true);
        on.watch(f.up(), f.upGradient(), true);
      }
      if (!first) {
        on.watch(in);
      }
      Tensor out = block.forward(in, context, on);
      kept = true;
      if (context.rows() >= tokens) {
        tokens = context.rows();
        bytes = results.bytes();
      }
      return out;
    }

    /** Gives back what was kept. */
    void letGo() {
      results.forget();
      kept = false;
    }

    /** Bytes that it is thought to leave at most. */
    long bytes(int of) {
      return of <= tokens ? bytes : Math.ceilDiv(bytes * of, tokens);
    }
  }

  private final Decoder model;
  private final List<Pass> passes;
  private final LongSupplier spare;
  private final BlockInputs states;
  private final Tape off;

  /** For the blocks that gradients flow through, one after the other. */
  private final Tape once;

  /** The first block that has something to train: gradients go no further. */
  private final int first;

  /** Bytes that kept blocks may take; negative until that is known. */
  private long room = -1;

  private BlockContext context;

  /**
   * @param blocks the model's, with factors beside their maps
   * @param trained the factors of each
   * @param buffers where buffers come from, shared with who works between forward and back
   * @param spare bytes that may be taken beyond those of one block; asked once, behind the first
   *     batch
   */
  BlockPasses(
      Decoder model,
      List<Block> blocks,
      List<List<TrainedFactors>> trained,
      Workspace buffers,
      LongSupplier spare) {
    this.model = model;
    this.spare = spare;
    this.states = new BlockInputs(blocks.size());
    this.off = Tape.off(model.backend(), buffers.beside());
    this.once = Tape.recording(model.backend(), buffers.beside());
    this.passes =
        IntStream.range(0, blocks.size())
            .mapToObj(i -> new Pass(blocks.get(i), trained.get(i), buffers.beside()))
            .toList();
    int begin = 0;
    while (begin < blocks.size() && trained.get(begin).isEmpty()) {
      begin++;
    }
    this.first = begin;
  }

  /** Half of what the heap could still take. */
  static long spareBytes() {
    Runtime r = Runtime.getRuntime();
    return (r.maxMemory() - (r.totalMemory() - r.freeMemory())) / 2;
  }

  /**
   * The state behind the last block, valid until the next batch.
   *
   * @param ids {@code [batch, length]}
   * @param recorded whether {@link #back} follows
   */
  Tensor forward(int[] ids, int batch, boolean recorded) {
    int length = ids.length / batch;
    context = BlockContext.of(batch, length);
    passes.forEach(Pass::letGo);
    int kept = recorded ? keepFrom(ids.length) : passes.size();
    Tensor x = model.embed(ids, context, off);
    for (int i = 0; i < passes.size(); i++) {
      Tensor in = states.keep(i, x, batch, length);
      off.reset();
      once.reset();
      Pass pass = passes.get(i);
      x = i < kept ? pass.block.forward(in, context, off) : pass.run(in, context, i == first, once);
    }
    states.keep(passes.size(), x, batch, length);
    off.reset();
    once.reset();
    return states.last();
  }

  /** The first of the last blocks whose results together have room. */
  private int keepFrom(int tokens) {
    if (room < 0) {
      return passes.size();
    }
    long left = room;
    int from = passes.size();
    while (from > first) {
      left -= passes.get(from - 1).bytes(tokens);
      if (left < 0) {
        break;
      }
      from--;
    }
    return from;
  }

  /**
   * Adds to the gradients of all factors.
   *
   * @param d the gradient of what {@link #forward} gave; overwritten
   */
  void back(Tensor d) {
    for (int i = passes.size() - 1; i >= first; i--) {
      Pass pass = passes.get(i);
      Tensor in = states.get(i);
      once.reset();
      Tensor out = pass.run(in, context, i == first, once);
      Gradients g = once.backward(out, d);
      if (i > first) {
        System.arraycopy(g.of(in).data(), 0, d.data(), 0, d.size());
      }
      pass.letGo();
    }
    once.reset();
    if (room < 0) {
      room = Math.max(0, spare.getAsLong());
    }
  }

  /** Blocks whose results are kept now. */
  long kept() {
    return passes.stream().filter(Pass::isKept).count();
  }
}
