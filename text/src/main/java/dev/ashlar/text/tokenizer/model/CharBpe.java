package dev.ashlar.text.tokenizer.model;

import dev.ashlar.text.tokenizer.text.IntList;
import dev.ashlar.text.tokenizer.text.Utf8;
import java.util.Arrays;

/** Byte pair encoding that begins with characters; unknown ones fall back to bytes or a token. */
final class CharBpe implements PieceEncoder {
  private static final int UNKNOWN = -1;

  private final BpeModel settings;
  private final Merges merges;
  private final SpanIndex index;
  private final int[] basicPlane = new int[0x10000];
  private final int[] byteIds;
  private final Joints joints;

  /** By id: 1 if the merges make this token of its own characters, 2 if not, 0 if not tried. */
  private final byte[] whole;

  CharBpe(BpeModel settings) {
    this.settings = settings;
    merges = settings.merges();
    TokenIds tokens = settings.tokens();
    byte[][] spans = new byte[tokens.size()][];
    for (int id = 0; id < spans.length; id++) {
      spans[id] = tokens.token(id) == null ? null : Utf8.bytes(tokens.token(id));
    }
    index = new SpanIndex(spans);
    whole = new byte[tokens.size()];
    byteIds = settings.byteFallback() ? tokens.byteIds() : null;
    Arrays.fill(basicPlane, UNKNOWN);
    for (int id = 0; id < tokens.size(); id++) {
      String token = tokens.token(id);
      if (token != null && token.length() == 1) {
        basicPlane[token.charAt(0)] = tokens.id(token);
      }
    }
    joints = canCut() ? Joints.of(tokens, merges) : null;
  }

  /**
   * Whether text may be cut between characters that no merge result has side by side: not if the
   * handling of unknown characters, or of a whole piece, looks across.
   */
  private boolean canCut() {
    boolean unknownStandAlone =
        byteIds != null && Arrays.stream(byteIds).allMatch(id -> id >= 0)
            || settings.unknown() >= 0 && !settings.fuse() && byteIds == null;
    return unknownStandAlone && settings.isPlain() && !settings.ignoreMerges();
  }

  @Override
  public void encode(char[] text, int start, int end, Work work, IntList out) {
    if (joints == null) {
      encodeWhole(text, start, end, work, out);
      return;
    }
    int from = start;
    while (from < end) {
      int to = joints.end(text, from, end);
      encodeWhole(text, from, to, work, out);
      from = to;
    }
  }

  private void encodeWhole(char[] text, int start, int end, Work work, IntList out) {
    work.reserve(end - start);
    boolean plain = settings.isPlain();
    int n = Utf8.encode(text, start, end, work.bytes, 0);
    int id = plain || settings.ignoreMerges() ? index.find(work.bytes, 0, n) : -1;
    if (id >= 0 && (settings.ignoreMerges() || whole[id] == 1)) {
      out.add(id);
      return;
    }
    int count = plain ? symbols(text, start, end, work) : affixedSymbols(text, start, end, work);
    int left = merges.apply(work, count);
    out.addAll(work.symbols, left);
    if (id >= 0) {
      // Every thread that gets here writes the same value.
      whole[id] = (byte) (left == 1 && work.symbols[0] == id ? 1 : 2);
    }
  }

  private int idOf(char[] text, int i, int next) {
    if (next == i + 1) {
      return basicPlane[text[i]];
    }
    byte[] bytes = new byte[6];
    return index.find(bytes, 0, Utf8.encode(text, i, next, bytes, 0));
  }

  private int symbols(char[] text, int start, int end, Work work) {
    Symbols symbols = new Symbols(work);
    for (int i = start; i < end; ) {
      int next = i + (Character.isHighSurrogate(text[i]) && i + 1 < end ? 2 : 1);
      int id = idOf(text, i, next);
      if (id >= 0) {
        symbols.known(id);
      } else {
        byte[] bytes = new byte[6];
        symbols.unknown(bytes, Utf8.encode(text, i, next, bytes, 0));
      }
      i = next;
    }
    return symbols.finish();
  }

  private int affixedSymbols(char[] text, int start, int end, Work work) {
    Symbols symbols = new Symbols(work);
    for (int i = start; i < end; ) {
      int next = i + (Character.isHighSurrogate(text[i]) && i + 1 < end ? 2 : 1);
      String symbol =
          (i > start ? settings.prefix() : "")
              + new String(text, i, next - i)
              + (next == end ? settings.suffix() : "");
      int id = settings.tokens().id(symbol);
      if (id >= 0) {
        symbols.known(id);
      } else {
        byte[] bytes = Utf8.bytes(symbol);
        symbols.unknown(bytes, bytes.length);
      }
      i = next;
    }
    return symbols.finish();
  }

  /**
   * Collects symbols as the peer does: an unknown token waits for the next known character, and
   * bytes that fall back overtake it.
   */
  private final class Symbols {
    private final Work work;
    private int count;
    private boolean waiting;

    Symbols(Work work) {
      this.work = work;
    }

    private void add(int id) {
      // A prefix falls back too: there may be more bytes than the text has.
      work.growSymbols(count + 1);
      work.symbols[count++] = id;
    }

    void known(int id) {
      flush();
      add(id);
    }

    void unknown(byte[] bytes, int length) {
      if (byteIds != null && fallBack(bytes, length)) {
        return;
      }
      if (settings.unknown() >= 0) {
        if (waiting && !settings.fuse()) {
          add(settings.unknown());
        }
        waiting = true;
      }
    }

    private boolean fallBack(byte[] bytes, int length) {
      for (int i = 0; i < length; i++) {
        if (byteIds[bytes[i] & 0xFF] < 0) {
          return false;
        }
      }
      for (int i = 0; i < length; i++) {
        add(byteIds[bytes[i] & 0xFF]);
      }
      return true;
    }

    private void flush() {
      if (waiting) {
        add(settings.unknown());
        waiting = false;
      }
    }

    int finish() {
      flush();
      return count;
    }
  }
}
