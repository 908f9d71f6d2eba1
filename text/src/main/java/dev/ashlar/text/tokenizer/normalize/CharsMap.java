package dev.ashlar.text.tokenizer.normalize;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Sentencepiece's precompiled character map: a Darts double-array trie over UTF-8, then the
 * replacements, each ended by a zero byte.
 *
 * <pre>
 * u32     bytes of the trie
 * u32[]   units: bit 31 leaf (value in bits 0-30), bit 8 has leaf, bits 0-7 label,
 *         bits 10-31 offset, shifted left by 8 more if bit 9 is set
 * bytes   replacements, addressed by the values
 * </pre>
 */
public final class CharsMap {
  private final int[] units;
  private final byte[] replacements;

  private CharsMap(int[] units, byte[] replacements) {
    this.units = units;
    this.replacements = replacements;
  }

  /**
   * The map in {@code blob}.
   *
   * @throws IllegalArgumentException if its parts do not fit into it
   */
  public static CharsMap of(byte[] blob) {
    if (blob.length < 4) {
      throw new IllegalArgumentException("the character map has " + blob.length + " bytes");
    }
    ByteBuffer buffer = ByteBuffer.wrap(blob).order(ByteOrder.LITTLE_ENDIAN);
    long trieBytes = Integer.toUnsignedLong(buffer.getInt());
    if (trieBytes % 4 != 0 || trieBytes == 0 || trieBytes > blob.length - 4) {
      throw new IllegalArgumentException(
          "the character map's trie has " + trieBytes + " of " + (blob.length - 4) + " bytes");
    }
    int[] units = new int[(int) trieBytes / 4];
    buffer.asIntBuffer().get(units);
    return new CharsMap(units, Arrays.copyOfRange(blob, 4 + units.length * 4, blob.length));
  }

  /** Where a prefix of {@code text[start, end)} ends, and what replaces it. */
  public record Match(int end, int replacement) {}

  /** The shortest prefix of {@code text[start, end)} in the map, or null. */
  public Match shortest(byte[] text, int start, int end) {
    return search(text, start, end, true);
  }

  /** The longest prefix of {@code text[start, end)} in the map, or null. */
  public Match longest(byte[] text, int start, int end) {
    return search(text, start, end, false);
  }

  private Match search(byte[] text, int start, int end, boolean first) {
    Match match = null;
    int node = offset(units[0]);
    for (int i = start; i < end; i++) {
      int label = text[i] & 0xFF;
      node ^= label;
      if (label == 0 || node < 0 || node >= units.length) {
        break;
      }
      int unit = units[node];
      if ((unit & 0x800000FF) != label) {
        break;
      }
      node ^= offset(unit);
      if ((unit >>> 8 & 1) != 0 && node >= 0 && node < units.length) {
        match = new Match(i + 1, units[node] & 0x7FFFFFFF);
        if (first) {
          break;
        }
      }
    }
    return match;
  }

  private static int offset(int unit) {
    return unit >>> 10 << ((unit & 0x200) >>> 6);
  }

  /** The replacement text at a match's address; empty beyond the end. */
  public String replacement(Match match) {
    int start = Math.min(match.replacement, replacements.length);
    int end = start;
    while (end < replacements.length && replacements[end] != 0) {
      end++;
    }
    return new String(replacements, start, end - start, StandardCharsets.UTF_8);
  }
}
