package dev.ashlar.tornado.runner;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tornado.graph.Plan;
import dev.ashlar.tornado.graph.Tasks;

/**
 * The head on the device: a graph of one row, as decoding needs it, and one of many, which is made
 * when many are first asked for, since it has a copy of the matrix of its own and brings as many
 * logits back as it has rows. A row has the same logits by either.
 */
final class DeviceLogits implements AutoCloseable {
  /** Fewer go one by one: rows that nobody has cost about as much as these save. */
  static final int FEWEST = 8;

  /** A head and its graph. */
  private record Rows(DeviceHead head, Plan plan) {
    static Rows of(String name, DeviceHead head, boolean groups) {
      Tasks tasks = new Tasks(name, groups);
      head.add(tasks);
      head.arrays().forEach(tasks::stays);
      tasks.send(head.in());
      tasks.send(head.active());
      tasks.bringBack(head.logits());
      return new Rows(head, tasks.plan());
    }

    /** Computes rows {@code [from, from + n)} of {@code hidden} into the same of {@code all}. */
    void run(float[] hidden, float[] all, int from, int n) {
      int dim = head.dim();
      int vocab = head.vocab();
      for (int i = 0; i < head.rows() * dim; i++) {
        head.in().set(i, i < n * dim ? hidden[from * dim + i] : 0);
      }
      head.active().set(0, n);
      plan.run();
      for (int i = 0; i < n * vocab; i++) {
        all[from * vocab + i] = head.logits().get(i);
      }
    }
  }

  private final Rows one;
  private final int batch;
  private final boolean groups;
  private final Ledger ledger;
  private Rows many;
  private boolean full;

  /**
   * A head that is on no device yet.
   *
   * @param head of one row, taken down in {@code ledger} already
   * @param batch rows at a time, at most
   * @param groups whether kernels of groups are used
   */
  DeviceLogits(DeviceHead head, int batch, boolean groups, Ledger ledger) {
    this.one = Rows.of("head", head, groups);
    this.batch = batch;
    this.groups = groups;
    this.ledger = ledger;
  }

  /**
   * Logits {@code [rows, vocab]}.
   *
   * @param hidden {@code [rows, dim]}
   */
  Tensor of(Tensor hidden) {
    int rows = hidden.size() / one.head().dim();
    Tensor all = Tensor.zeros(rows, one.head().vocab());
    int from = 0;
    while (from < rows) {
      int n = Math.min(batch, rows - from);
      if (n < FEWEST || !makeMany()) {
        one.run(hidden.data(), all.data(), from, 1);
        from++;
      } else {
        many.run(hidden.data(), all.data(), from, n);
        from += n;
      }
    }
    return all;
  }

  /** Makes the graph of many rows, unless the device has no room for it. */
  private boolean makeMany() {
    if (many == null && !full) {
      DeviceHead head = one.head().ofRows(batch);
      ledger.beginGraph();
      full = !ledger.take(head.allArrays(), 0);
      if (!full) {
        many = Rows.of("heads", head, groups);
      }
    }
    return many != null;
  }

  @Override
  public void close() {
    one.plan().close();
    if (many != null) {
      many.plan().close();
    }
  }
}
