package dev.ashlar.text.tokenizer.decode;

import dev.ashlar.text.tokenizer.text.Utf8;
import java.util.ArrayList;
import java.util.List;

/** Makes text of runs of tokens such as {@code <0x0A>}; a run that is no text, marks of error. */
public record ByteFallbackDecoder() implements TokenDecoder {
  @Override
  public List<String> decode(List<String> tokens) {
    List<String> out = new ArrayList<>(tokens.size());
    byte[] run = new byte[tokens.size()];
    int length = 0;
    for (String token : tokens) {
      int value = byteOf(token);
      if (value >= 0) {
        run[length++] = (byte) value;
      } else {
        flush(run, length, out);
        length = 0;
        out.add(token);
      }
    }
    flush(run, length, out);
    return out;
  }

  private static void flush(byte[] run, int length, List<String> out) {
    if (length > 0) {
      out.add(Utf8.strict(run, length).orElseGet(() -> "\uFFFD".repeat(length)));
    }
  }

  /** The byte value a token spells, or -1. */
  public static int byteOf(String token) {
    if (token.length() != 6 || !token.startsWith("<0x") || token.charAt(5) != '>') {
      return -1;
    }
    char plus = token.charAt(3);
    int high = Character.digit(plus, 16);
    int low = Character.digit(token.charAt(4), 16);
    // The peer's number parser takes a sign as well.
    return plus == '+' && low >= 0 && token.charAt(4) < 0x80
        ? low
        : high < 0 || low < 0 || plus >= 0x80 || token.charAt(4) >= 0x80 ? -1 : high << 4 | low;
  }
}
