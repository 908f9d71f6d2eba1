package dev.ashlar.text.tokenizer.model;

import dev.ashlar.text.tokenizer.text.ByteAlphabet;
import dev.ashlar.text.tokenizer.text.IntList;
import dev.ashlar.text.tokenizer.text.Utf8;

/** Byte pair encoding that begins with the UTF-8 bytes of a piece, all 256 of which are tokens. */
final class ByteBpe implements PieceEncoder {
  private final SpanIndex index;
  private final Merges merges;
  private final int[] byteIds;
  private final boolean ignoreMerges;

  /** By id: 1 if the merges make this token of its own bytes, 2 if not, 0 if not yet tried. */
  private final byte[] whole;

  private ByteBpe(TokenIds tokens, Merges merges, int[] byteIds, boolean ignoreMerges) {
    this.merges = merges;
    this.byteIds = byteIds;
    this.ignoreMerges = ignoreMerges;
    byte[][] spans = new byte[tokens.size()][];
    for (int id = 0; id < spans.length; id++) {
      String token = tokens.token(id);
      spans[id] = token == null ? null : ByteAlphabet.bytesOf(token);
    }
    index = new SpanIndex(spans);
    whole = new byte[tokens.size()];
  }

  /** The model, or null if a byte has no token. */
  static ByteBpe of(TokenIds tokens, Merges merges, boolean ignoreMerges) {
    int[] byteIds = new int[256];
    for (int b = 0; b < 256; b++) {
      byteIds[b] = tokens.id(String.valueOf(ByteAlphabet.charOf(b)));
      if (byteIds[b] < 0) {
        return null;
      }
    }
    return new ByteBpe(tokens, merges, byteIds, ignoreMerges);
  }

  @Override
  public void encode(char[] text, int start, int end, Work work, IntList out) {
    work.reserve(end - start);
    int n = Utf8.encode(text, start, end, work.bytes, 0);
    int id = index.find(work.bytes, 0, n);
    if (id >= 0 && (ignoreMerges || whole[id] == 1)) {
      out.add(id);
      return;
    }
    for (int i = 0; i < n; i++) {
      work.symbols[i] = byteIds[work.bytes[i] & 0xFF];
    }
    int left = merges.apply(work, n);
    out.addAll(work.symbols, left);
    if (id >= 0) {
      // Every thread that gets here writes the same value.
      whole[id] = (byte) (left == 1 && work.symbols[0] == id ? 1 : 2);
    }
  }
}
