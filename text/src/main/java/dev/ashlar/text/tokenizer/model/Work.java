package dev.ashlar.text.tokenizer.model;

import java.util.Arrays;

/** Buffers of one encoding run, so that models themselves can be shared between threads. */
public final class Work {
  byte[] bytes = new byte[256];
  int[] symbols = new int[256];
  int[] ranks = new int[256];
  int[] previous = new int[0];
  int[] next = new int[0];
  long[] heap = new long[0];
  double[] scores = new double[0];
  int[] starts = new int[0];

  /** Makes room for the bytes and symbols of {@code chars} chars. */
  void reserve(int chars) {
    int needed = Math.addExact(Math.multiplyExact(3, chars), 8);
    if (bytes.length < needed) {
      int size = (int) Math.min(Integer.MAX_VALUE - 8, Math.max(needed, 2L * bytes.length));
      bytes = new byte[size];
      symbols = Arrays.copyOf(symbols, size);
      ranks = new int[size];
    }
  }

  /** Makes room for more symbols than characters suggest, keeping those there are. */
  void growSymbols(int count) {
    if (symbols.length < count) {
      int size = (int) Math.min(Integer.MAX_VALUE - 8, Math.max(count, 2L * symbols.length));
      symbols = Arrays.copyOf(symbols, size);
      ranks = Arrays.copyOf(ranks, size);
    }
  }

  /** Makes room for the linked list and the queue of a long merge. */
  void reserveQueue(int symbolCount) {
    if (next.length < symbolCount) {
      previous = new int[symbolCount];
      next = new int[symbolCount];
      heap = new long[Math.multiplyExact(symbolCount, 3)];
    }
  }

  /** Makes room for the best paths to {@code positions} places. */
  void reservePaths(int positions) {
    if (starts.length < positions) {
      scores = new double[positions];
      starts = new int[positions];
      if (symbols.length < positions) {
        symbols = new int[positions];
      }
    }
  }
}
