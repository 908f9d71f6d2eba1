package dev.ashlar.tuning.awq;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.BlockModule;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tuning.method.ObservedWeight;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitTask;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** What one pass of the data through a float unit tells. */
final class Observed {
  private final UnitTask task;
  private final Tape tape;
  private final Map<String, InputStatistics> statistics = new HashMap<>();
  private final List<List<Tensor>> modules = new ArrayList<>();

  private final List<Tensor> held = new ArrayList<>();

  /** Sends the samples through the unit. */
  Observed(UnitTask task, SampleSplit split) {
    this.task = task;
    this.tape = Tape.off(task.unit().backend());
    Map<String, Consumer<Tensor>> observers = new HashMap<>();
    for (List<String> group : task.groups()) {
      String first = group.getFirst();
      InputStatistics s = new InputStatistics(task.layer(first).in(), task.unit().backend());
      observers.put(first, s::add);
      group.forEach(name -> statistics.put(name, s));
    }
    Unit watched = ObservedWeight.within(task.unit(), observers);
    pass(split.rest(), task.inputs().length(), x -> run(watched, x, BlockModule.Watcher.NONE));
    task.unit().modules().forEach(m -> modules.add(new ArrayList<>()));
    pass(
        split.searched(),
        split.length(),
        x -> run(watched, x, (module, in) -> modules.get(module).add(in.copy())));
    pass(split.held(), split.length(), x -> held.add(x.copy()));
  }

  private void run(Unit unit, Tensor x, BlockModule.Watcher watcher) {
    unit.forward(x, BlockContext.of(x.dim(0), x.dim(1)), tape, watcher);
  }

  /** In the task's micro-batches, {@code [batch, length, dim]} each. */
  private void pass(int[] samples, int length, Consumer<Tensor> batch) {
    int dim = task.inputs().dim();
    int whole = task.inputs().length();
    for (int at = 0; at < samples.length; at += task.batchSize()) {
      int n = Math.min(task.batchSize(), samples.length - at);
      Tensor x = tape.workspace().take(n, whole, dim);
      task.inputs().gather(samples, at, n, x);
      batch.accept(length == whole ? x : first(x, length));
      tape.reset();
    }
  }

  /** The first tokens of each sample. */
  private Tensor first(Tensor x, int length) {
    int dim = x.dim(2);
    Tensor y = tape.workspace().take(x.dim(0), length, dim);
    for (int s = 0; s < x.dim(0); s++) {
      System.arraycopy(x.data(), s * x.dim(1) * dim, y.data(), s * length * dim, length * dim);
    }
    return y;
  }

  /** Of the input of a layer that is to be quantized. */
  InputStatistics statistics(String layer) {
    return statistics.get(layer);
  }

  /** What flowed into a module, in batches {@code [batch, length, dim]}. */
  List<Tensor> module(int index) {
    return modules.get(index);
  }

  /** What flows into the unit of samples that nothing else here has seen, likewise. */
  List<Tensor> held() {
    return held;
  }
}
