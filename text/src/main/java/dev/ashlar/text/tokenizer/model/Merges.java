package dev.ashlar.text.tokenizer.model;

import dev.ashlar.text.tokenizer.text.LongIntMap;
import java.util.Arrays;

/**
 * Merge rules, and their application: of all adjacent pairs that have a rule, the one of lowest
 * rank is merged, the leftmost of several, until there is none.
 *
 * <p>"Neural Machine Translation of Rare Words with Subword Units", Sennrich, Haddow and Birch,
 * 2016, algorithm 1.
 */
final class Merges {
  private static final int NONE = Integer.MAX_VALUE;

  /** Up to here a linear search for the best pair beats a queue. */
  private static final int SHORT = 40;

  private final LongIntMap rules;
  private final int[] rank;
  private final int[] merged;
  private int count;

  /** Room for {@code rules} rules. */
  Merges(int rules) {
    this.rules = new LongIntMap(rules);
    rank = new int[rules];
    merged = new int[rules];
  }

  /** Adds a rule; ranks do not decrease from rule to rule. */
  void add(int left, int right, int ruleRank, int result) {
    rank[count] = ruleRank;
    merged[count] = result;
    rules.put(key(left, right), count++);
  }

  int count() {
    return count;
  }

  int result(int rule) {
    return merged[rule];
  }

  private static long key(int left, int right) {
    return (long) left << 32 | right;
  }

  private int rule(int left, int right) {
    int rule = rules.get(key(left, right));
    return rule < 0 ? NONE : rule;
  }

  /** Merges the first {@code n} symbols of {@code work} in place; returns how many are left. */
  int apply(Work work, int n) {
    return n <= SHORT ? applyShort(work.symbols, work.ranks, n) : applyLong(work, n);
  }

  private int applyShort(int[] symbols, int[] best, int n) {
    int last = n - 1;
    for (int i = 0; i < last; i++) {
      best[i] = rule(symbols[i], symbols[i + 1]);
    }
    while (true) {
      int at = -1;
      int lowest = NONE;
      for (int i = 0; i < last; i++) {
        int rule = best[i];
        if (rule != NONE && rank[rule] < lowest) {
          lowest = rank[rule];
          at = i;
        }
      }
      if (at < 0) {
        return last + 1;
      }
      symbols[at] = merged[best[at]];
      for (int i = at + 1; i < last; i++) {
        symbols[i] = symbols[i + 1];
        best[i] = best[i + 1];
      }
      last--;
      if (at > 0) {
        best[at - 1] = rule(symbols[at - 1], symbols[at]);
      }
      if (at < last) {
        best[at] = rule(symbols[at], symbols[at + 1]);
      }
    }
  }

  /** Links the symbols to their neighbours and queues their pairs. */
  private Queue link(Work work, int n) {
    Queue queue = new Queue(work);
    for (int i = 0; i < n; i++) {
      work.next[i] = i + 1;
      work.previous[i] = i - 1;
      work.ranks[i] = i + 1 < n ? rule(work.symbols[i], work.symbols[i + 1]) : NONE;
      queue.push(work.ranks[i], i);
    }
    return queue;
  }

  private int applyLong(Work work, int n) {
    work.reserveQueue(n);
    int[] symbols = work.symbols;
    int[] best = work.ranks;
    int[] next = work.next;
    int[] previous = work.previous;
    Queue queue = link(work, n);
    int left = n;
    while (queue.size > 0) {
      int at = (int) queue.pop();
      int rule = best[at];
      // An entry is stale when its pair has changed since, and then it is another rule's.
      if (rule == NONE || rank[rule] != queue.poppedRank) {
        continue;
      }
      int gone = next[at];
      symbols[at] = merged[rule];
      best[gone] = NONE;
      next[at] = next[gone];
      left--;
      if (next[at] < n) {
        previous[next[at]] = at;
      }
      best[at] = next[at] < n ? rule(symbols[at], symbols[next[at]]) : NONE;
      queue.push(best[at], at);
      int before = previous[at];
      if (before >= 0) {
        best[before] = rule(symbols[before], symbols[at]);
        queue.push(best[before], before);
      }
    }
    int out = 0;
    for (int i = 0; i < n; i = next[i]) {
      symbols[out++] = symbols[i];
    }
    return left;
  }

  /** A binary heap of (rank, position). */
  private final class Queue {
    private final Work work;
    private long[] heap;
    private int size;
    private int poppedRank;

    Queue(Work work) {
      this.work = work;
      heap = work.heap;
    }

    void push(int rule, int position) {
      if (rule == NONE) {
        return;
      }
      if (size == heap.length) {
        heap = Arrays.copyOf(heap, Math.multiplyExact(size, 2));
        work.heap = heap;
      }
      long entry = (long) rank[rule] << 32 | position;
      int i = size++;
      while (i > 0 && heap[i - 1 >>> 1] > entry) {
        heap[i] = heap[i - 1 >>> 1];
        i = i - 1 >>> 1;
      }
      heap[i] = entry;
    }

    long pop() {
      long top = heap[0];
      long entry = heap[--size];
      int i = 0;
      for (int child = 1; child < size; child = 2 * i + 1) {
        if (child + 1 < size && heap[child + 1] < heap[child]) {
          child++;
        }
        if (heap[child] >= entry) {
          break;
        }
        heap[i] = heap[child];
        i = child;
      }
      heap[i] = entry;
      poppedRank = (int) (top >>> 32);
      return top & 0xFFFFFFFFL;
    }
  }
}
