package dev.ashlar.text.tokenizer.text;

import java.text.Normalizer;

/**
 * Where the peers' tokenizer library answers from older Unicode tables than this Java has.
 *
 * <p>Measured, code point by code point, on {@code tokenizers} 0.23.3 against Java 25 (Unicode 16):
 * its normal forms and accent stripping come from Unicode 9, its punctuation and Bert classes from
 * Unicode 8, its lower case and numbers from Unicode 17. Characters that its tables do not know yet
 * pass through unchanged.
 */
public final class LegacyUnicode {
  private static final CodePointSet NOT_YET_MARKS =
      CodePointSet.of(
          "7FD,897-89F,8CA-8D3,9FE,AFA-AFF,B55,C04,C3C,CF3,D00,D3B-D3C,D81,EBA,ECE,1715,"
              + "180F,1ABF-1ACE,1CF7,1DF6-1DFA,A82C,A8FF,10D24-10D27,10D69-10D6D,10EAB-10EAC,"
              + "10EFC-10EFF,10F46-10F50,10F82-10F85,11070,11073-11074,110C2,11145-11146,"
              + "111C9,111CE-111CF,11241,1133B,113B8-113C0,113C2,113C5,113C7-113CA,"
              + "113CC-113D0,113D2,113E1-113E2,1145E,1182C-1183A,11930-11935,11937-11938,"
              + "1193B-1193E,11940,11942-11943,119D1-119D7,119DA-119E0,119E4,11A01-11A0A,"
              + "11A33-11A39,11A3B-11A3E,11A47,11A51-11A5B,11A8A-11A99,11D31-11D36,11D3A,"
              + "11D3C-11D3D,11D3F-11D45,11D47,11D8A-11D8E,11D90-11D91,11D93-11D97,"
              + "11EF3-11EF6,11F00-11F01,11F03,11F34-11F3A,11F3E-11F42,11F5A,13440,"
              + "13447-13455,1611E-1612F,16F4F,16F7F-16F87,16FE4,16FF0-16FF1,1CF00-1CF2D,"
              + "1CF30-1CF46,1E08F,1E130-1E136,1E2AE,1E2EC-1E2EF,1E4EC-1E4EF,1E5EE-1E5EF");

  /** Characters that normal forms leave alone, and that combine with nothing. */
  private static final CodePointSet NOT_YET_NORMALIZED =
      CodePointSet.of(
          "7FD,897-89F,8CA-8D3,9FE,AFA-AFF,B55,C04,C3C,CF3,D00,D3B-D3C,D81,EBA,ECE,1715,"
              + "180F,1ABF-1ACE,1CF7,1DF6-1DFA,32FF,A7F2-A7F4,A82C,A8FF,AB69,105C9,105D2,"
              + "105DA,105E4,10781-10785,10787-107B0,107B2-107BA,10D24-10D27,10D69-10D6D,"
              + "10EAB-10EAC,10EFC-10EFF,10F46-10F50,10F82-10F85,11070,11073-11074,110C2,"
              + "11145-11146,111C9,111CE-111CF,11241,1133B,11382-11385,1138B,1138E,"
              + "11390-11391,113B8-113C0,113C2,113C5,113C7-113CA,113CC-113D0,113D2,"
              + "113E1-113E2,1145E,1182C-1183A,11930-11935,11937-11938,1193B-1193E,11940,"
              + "11942-11943,119D1-119D7,119DA-119E0,119E4,11A01-11A0A,11A33-11A39,"
              + "11A3B-11A3E,11A47,11A51-11A5B,11A8A-11A99,11D31-11D36,11D3A,11D3C-11D3D,"
              + "11D3F-11D45,11D47,11D8A-11D8E,11D90-11D91,11D93-11D97,11EF3-11EF6,"
              + "11F00-11F01,11F03,11F34-11F3A,11F3E-11F42,11F5A,13440,13447-13455,"
              + "1611E-1612F,16D63,16D67-16D6A,16F4F,16F7F-16F87,16FE4,16FF0-16FF1,"
              + "1CCD6-1CCF9,1CF00-1CF2D,1CF30-1CF46,1E030-1E06D,1E08F,1E130-1E136,1E2AE,"
              + "1E2EC-1E2EF,1E4EC-1E4EF,1E5EE-1E5EF,1F16C,1FBF0-1FBF9");

  private static final CodePointSet NOT_YET_PUNCTUATION =
      CodePointSet.of(
          "61D,9FD,A76,C77,C84,1B4E-1B4F,1B7D-1B7F,2E43-2E4F,2E52-2E5D,10D6E,10EAD,"
              + "10F55-10F59,10F86-10F89,113D4-113D5,113D7-113D8,1144B-1144F,1145A-1145B,"
              + "1145D,11660-1166C,116B9,1183B,11944-11946,119E2,11A3F-11A46,11A9A-11A9C,"
              + "11A9E-11AA2,11B00-11B09,11BE1,11C41-11C45,11C70-11C71,11EF7-11EF8,"
              + "11F43-11F4F,11FFF,12FF1-12FF2,16D6D-16D6F,16E97-16E9A,16FE2,1E5FF,"
              + "1E95E-1E95F");

  private static final CodePointSet NOT_YET_NONSPACING =
      CodePointSet.of(
          "7FD,897-89F,8CA-8E1,9FE,AFA-AFF,B55,C04,C3C,D00,D3B-D3C,D81,EBA,ECE,180F,"
              + "1885-1886,1ABF-1ACE,1DF6-1DFB,A82C,A8C5,A8FF,A9BD,10D24-10D27,10D69-10D6D,"
              + "10EAB-10EAC,10EFC-10EFF,10F46-10F50,10F82-10F85,11070,11073-11074,110C2,"
              + "111C9,111CF,1123E,11241,1133B,113BB-113C0,113CE,113D0,113D2,113E1-113E2,"
              + "11438-1143F,11442-11444,11446,1145E,1182F-11837,11839-1183A,1193B-1193C,"
              + "1193E,11943,119D4-119D7,119DA-119DB,119E0,11A01-11A0A,11A33-11A38,"
              + "11A3B-11A3E,11A47,11A51-11A56,11A59-11A5B,11A8A-11A96,11A98-11A99,"
              + "11C30-11C36,11C38-11C3D,11C3F,11C92-11CA7,11CAA-11CB0,11CB2-11CB3,"
              + "11CB5-11CB6,11D31-11D36,11D3A,11D3C-11D3D,11D3F-11D45,11D47,11D90-11D91,"
              + "11D95,11D97,11EF3-11EF4,11F00-11F01,11F36-11F3A,11F40,11F42,11F5A,13440,"
              + "13447-13455,1611E-16129,1612D-1612F,16F4F,16FE4,1CF00-1CF2D,1CF30-1CF46,"
              + "1E000-1E006,1E008-1E018,1E01B-1E021,1E023-1E024,1E026-1E02A,1E08F,"
              + "1E130-1E136,1E2AE,1E2EC-1E2EF,1E4EC-1E4EF,1E5EE-1E5EF,1E944-1E94A");

  private LegacyUnicode() {}

  /** The normal form, with characters newer than Unicode 9 left as they are. */
  public static String normalize(String text, Normalizer.Form form) {
    StringBuilder out = null;
    int done = 0;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int next = i + Character.charCount(c);
      if (NOT_YET_NORMALIZED.contains(c)) {
        out = out == null ? new StringBuilder(text.length() + 16) : out;
        out.append(Normalizer.normalize(text.subSequence(done, i), form)).appendCodePoint(c);
        done = next;
      }
      i = next;
    }
    if (out == null) {
      return Normalizer.normalize(text, form);
    }
    return out.append(Normalizer.normalize(text.substring(done), form)).toString();
  }

  /** Whether accent stripping removes the character: general category M. */
  public static boolean isMark(int c) {
    return c >= 0x300
        && ((CharClasses.of(c) & CharClasses.MARK) != 0 && !NOT_YET_MARKS.contains(c)
            || c == 0x1CF2
            || c == 0x1CF3);
  }

  /** Whether Bert's accent stripping removes the character: general category Mn. */
  public static boolean isNonspacingMark(int c) {
    return c >= 0x300
        && (Character.getType(c) == Character.NON_SPACING_MARK && !NOT_YET_NONSPACING.contains(c)
            || c == 0x1734
            || c == 0x1171E);
  }

  /** Whether the character is split off as punctuation: ASCII punctuation or category P. */
  public static boolean isPunctuation(int c) {
    if (c < 0x80) {
      return c > ' ' && c < 0x7F && !(c >= '0' && c <= '9') && !isAsciiLetter(c);
    }
    return switch (Character.getType(c)) {
      case Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION ->
          !NOT_YET_PUNCTUATION.contains(c);
      default -> c == 0x166D || c == 0x111C9;
    };
  }

  private static boolean isAsciiLetter(int c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
  }

  /** Whether Bert's cleaning removes the character as a control: categories Cc, Cf and Co. */
  public static boolean isBertControl(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL -> c != '\t' && c != '\n' && c != '\r';
      case Character.PRIVATE_USE -> true;
      case Character.FORMAT ->
          c != 0x890 && c != 0x891 && c != 0x8E2 && c != 0x110CD && !(c >= 0x13430 && c <= 0x1343F);
      default -> false;
    };
  }

  /** Whether the character has a numeric category, Unicode 17's additions included. */
  public static boolean isNumeric(int c) {
    return (CharClasses.of(c) & CharClasses.NUMBER) != 0
        || c >= 0x11DE0 && c <= 0x11DE9
        || c >= 0x16FF4 && c <= 0x16FF6;
  }

  /** Whether {@code \w} matches: Alphabetic, M, Nd, Pc and the two joiners. */
  public static boolean isWord(int c) {
    if (c < 0x80) {
      return isAsciiLetter(c) || c >= '0' && c <= '9' || c == '_';
    }
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.COMBINING_SPACING_MARK,
          Character.DECIMAL_DIGIT_NUMBER,
          Character.CONNECTOR_PUNCTUATION ->
          true;
      default -> Character.isAlphabetic(c) || c == 0x200C || c == 0x200D;
    };
  }

  /** The text in lower case, character by character: no final sigma, no locale. */
  public static String lowerCase(String text) {
    StringBuilder out = new StringBuilder(text.length() + 8);
    text.codePoints().forEach(c -> appendLower(c, out));
    return out.toString();
  }

  private static void appendLower(int c, StringBuilder out) {
    if (c == 0x130) {
      out.append("i\u0307");
    } else if (c >= 0x16EA0 && c <= 0x16EB8) {
      out.appendCodePoint(c + 27);
    } else if (c == 0xA7CE || c == 0xA7D2 || c == 0xA7D4) {
      out.append((char) (c + 1));
    } else {
      out.appendCodePoint(Character.toLowerCase(c));
    }
  }
}
