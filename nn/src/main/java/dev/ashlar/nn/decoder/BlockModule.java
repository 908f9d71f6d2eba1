package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;

/**
 * A half of a block that can be run by itself: its attention or its feed-forward, from what flows
 * into it (behind the norm before it) to what it puts out (before what comes behind it).
 *
 * @param maps names of all linear maps in it, routers' among them
 * @param outputs names of those whose outputs are the module's, or are summed up to it
 * @param run what it computes
 */
public record BlockModule(List<String> maps, List<String> outputs, Run run) {
  /** What a module computes. */
  @FunctionalInterface
  public interface Run {
    /**
     * {@code x [batch, length, dim]} to a row {@code [dim]} for each of its own, in a buffer of the
     * tape's workspace.
     */
    Tensor forward(Tensor x, BlockContext context, Tape tape);
  }

  /** Sees what flows into modules, valid during the call only. */
  @FunctionalInterface
  public interface Watcher {
    /** For those who look at nothing. */
    Watcher NONE = (module, x) -> {};

    /**
     * @param module its place among the modules of the block, or of whatever is run
     * @param x {@code [batch, length, dim]}
     */
    void flowsIn(int module, Tensor x);
  }

  public BlockModule {
    maps = List.copyOf(maps);
    outputs = List.copyOf(outputs);
  }

  /** The same with names under a parent. */
  public BlockModule under(String parent) {
    return new BlockModule(
        maps.stream().map(n -> parent + n).toList(),
        outputs.stream().map(n -> parent + n).toList(),
        run);
  }
}
