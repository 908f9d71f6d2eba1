package dev.ashlar.text.tokenizer.model;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Finds ids by spans of bytes: a hash table over one array that holds all the tokens' bytes. */
final class SpanIndex {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

  private final byte[] bytes;
  private final int[] offsets;

  /** The upper half of the hash, then the id; -1 where a slot is free. */
  private final long[] slots;

  private final int longest;

  /**
   * The index of the tokens' bytes by id; null entries have none, and of equal ones the first
   * counts.
   */
  SpanIndex(byte[][] tokens) {
    offsets = new int[tokens.length + 1];
    int max = 0;
    int count = 0;
    for (int id = 0; id < tokens.length; id++) {
      int length = tokens[id] == null ? 0 : tokens[id].length;
      offsets[id + 1] = Math.addExact(offsets[id], length);
      max = Math.max(max, length);
      count += length > 0 ? 1 : 0;
    }
    longest = max;
    bytes = new byte[offsets[tokens.length]];
    slots = new long[Integer.highestOneBit(Math.max(8, count) * 2 - 1) * 2];
    Arrays.fill(slots, -1);
    for (int id = 0; id < tokens.length; id++) {
      if (tokens[id] != null && tokens[id].length > 0) {
        System.arraycopy(tokens[id], 0, bytes, offsets[id], tokens[id].length);
        insert(tokens[id], id);
      }
    }
  }

  private void insert(byte[] token, int id) {
    if (find(token, 0, token.length) >= 0) {
      return;
    }
    long hash = hash(token, 0, token.length);
    int i = (int) hash & slots.length - 1;
    while (slots[i] != -1) {
      i = i + 1 & slots.length - 1;
    }
    slots[i] = hash & 0x7FFFFFFF00000000L | id;
  }

  /** The id of the bytes {@code text[start, end)}, or -1. */
  int find(byte[] text, int start, int end) {
    int length = end - start;
    if (length > longest) {
      return -1;
    }
    long hash = hash(text, start, end);
    long tag = hash & 0x7FFFFFFF00000000L;
    int mask = slots.length - 1;
    for (int i = (int) hash & mask; ; i = i + 1 & mask) {
      long slot = slots[i];
      if (slot == -1) {
        return -1;
      }
      if ((slot & 0x7FFFFFFF00000000L) == tag) {
        int id = (int) slot;
        int at = offsets[id];
        if (offsets[id + 1] - at == length
            && Arrays.equals(bytes, at, at + length, text, start, end)) {
          return id;
        }
      }
    }
  }

  private static long hash(byte[] text, int start, int end) {
    long h = end - start;
    int i = start;
    for (; i + 8 <= end; i += 8) {
      h = (h ^ (long) LONG.get(text, i)) * MULTIPLIER;
      h ^= h >>> 32;
    }
    long tail = 0;
    for (int shift = 0; i < end; i++, shift += 8) {
      tail |= (text[i] & 0xFFL) << shift;
    }
    h = (h ^ tail) * MULTIPLIER;
    h ^= h >>> 29;
    return h * MULTIPLIER ^ h >>> 32;
  }
}
