package dev.ashlar.text.tokenizer.text;

/**
 * Unicode classes of characters as bit sets, in one table over the basic plane.
 *
 * <p>Text is a {@code char[]} without lone surrogates (see {@link Utf8#wellFormed(String)}); a
 * surrogate therefore always announces a supplementary code point, and its table entry is 0. The
 * general categories are those of Unicode 16, which is what the peers' Oniguruma has as well.
 */
public final class CharClasses {
  /** {@code \p{L}}. */
  public static final int LETTER = 1;

  /** {@code \p{N}}. */
  public static final int NUMBER = 2;

  /** {@code \s}: the property White_Space. */
  public static final int SPACE = 4;

  /** {@code [^\s\p{L}\p{N}]}. */
  public static final int OTHER = 8;

  /** {@code \p{M}}; a mark is also {@link #OTHER}. */
  public static final int MARK = 16;

  /** {@code [\p{P}\p{S}]}; also {@link #OTHER}. */
  public static final int SYMBOL = 32;

  /** {@code [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]}. */
  public static final int UPPER = 64;

  /** {@code [\p{Ll}\p{Lm}\p{Lo}\p{M}]}. */
  public static final int LOWER = 128;

  private static final byte[] BASIC_PLANE = basicPlane();

  private CharClasses() {}

  private static byte[] basicPlane() {
    byte[] table = new byte[0x10000];
    for (int c = 0; c < table.length; c++) {
      if (!Character.isSurrogate((char) c)) {
        table[c] = (byte) compute(c);
      }
    }
    return table;
  }

  private static int compute(int c) {
    if (isSpace(c)) {
      return SPACE;
    }
    return switch (Character.getType(c)) {
      case Character.UPPERCASE_LETTER, Character.TITLECASE_LETTER -> LETTER | UPPER;
      case Character.LOWERCASE_LETTER -> LETTER | LOWER;
      case Character.MODIFIER_LETTER, Character.OTHER_LETTER -> LETTER | UPPER | LOWER;
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
          NUMBER;
      case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.COMBINING_SPACING_MARK ->
          OTHER | MARK | UPPER | LOWER;
      case Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION,
          Character.MATH_SYMBOL,
          Character.CURRENCY_SYMBOL,
          Character.MODIFIER_SYMBOL,
          Character.OTHER_SYMBOL ->
          OTHER | SYMBOL;
      default -> OTHER;
    };
  }

  /** Whether the code point has the property White_Space. */
  public static boolean isSpace(int c) {
    return c <= ' '
        ? c == ' ' || c >= '\t' && c <= '\r'
        : c == 0x85
            || c == 0xA0
            || c == 0x1680
            || c >= 0x2000 && c <= 0x200A
            || c == 0x2028
            || c == 0x2029
            || c == 0x202F
            || c == 0x205F
            || c == 0x3000;
  }

  /** The classes of a character of the basic plane; 0 for a surrogate. */
  public static int ofChar(char c) {
    return BASIC_PLANE[c];
  }

  /** The classes of a code point. */
  public static int of(int codePoint) {
    return codePoint < 0x10000 ? BASIC_PLANE[codePoint] : compute(codePoint);
  }

  /** The classes of the code point that begins at {@code text[i]}, within {@code text[0, end)}. */
  public static int at(char[] text, int i, int end) {
    int f = BASIC_PLANE[text[i]];
    return f != 0 || i + 1 >= end ? f : compute(Character.toCodePoint(text[i], text[i + 1]));
  }

  /** The number of chars of the code point that begins with {@code c}: 1 or 2. */
  public static int width(char c) {
    return Character.isHighSurrogate(c) ? 2 : 1;
  }

  /** The end of the longest run from {@code i} of code points that have one of {@code classes}. */
  public static int run(char[] text, int i, int end, int classes) {
    while (i < end) {
      int f = BASIC_PLANE[text[i]];
      if ((f & classes) != 0) {
        i++;
      } else if (f == 0 && i + 1 < end && (at(text, i, end) & classes) != 0) {
        i += 2;
      } else {
        break;
      }
    }
    return i;
  }
}
