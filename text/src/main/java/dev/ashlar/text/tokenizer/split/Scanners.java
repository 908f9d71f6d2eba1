package dev.ashlar.text.tokenizer.split;

import static dev.ashlar.text.tokenizer.text.CharClasses.LETTER;
import static dev.ashlar.text.tokenizer.text.CharClasses.MARK;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The list of regular expressions that have a scanner, by their text. */
final class Scanners {
  static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  static final String LLAMA3 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  static final String QWEN2 = LLAMA3.replace("{1,3}", "");
  static final String QWEN35 =
      QWEN2.replace("?\\p{L}+", "?[\\p{L}\\p{M}]+").replace(" ?[^\\s\\p{L}", " ?[^\\s\\p{L}\\p{M}");
  static final String GPT4O = camel("(?i:'s|'t|'re|'ve|'m|'ll|'d)?", "{1,3}");
  static final String TEKKEN = camel("", "");
  static final String DEEPSEEK3 =
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
          + "|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*"
          + "|\\s*[\r\n]+|\\s+(?!\\S)|\\s+";
  static final String DEEPSEEK_CJK = "[一-龥\u3040-ゟ゠-ヿ]+";
  private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

  private static final Map<String, Scanner> ALL = all();

  private Scanners() {}

  private static String camel(String contractions, String digits) {
    String upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
    String lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    String prefix = "[^\\r\\n\\p{L}\\p{N}]?";
    return prefix
        + upper
        + "*"
        + lower
        + "+"
        + contractions
        + "|"
        + prefix
        + upper
        + "+"
        + lower
        + "*"
        + contractions
        + "|\\p{N}"
        + digits
        + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  }

  private static Map<String, Scanner> all() {
    Map<String, Scanner> all = new HashMap<>();
    all.put(GPT2, Gpt2Scanner::next);
    int any = Integer.MAX_VALUE;
    Map<String, Integer> digits = Map.of("{1,3}", 3, "", 1, "{1}", 1, "+", any);
    digits.forEach(
        (repeat, max) -> {
          putWords(all, LLAMA3.replace("{1,3}", repeat), LETTER, max);
          putWords(all, QWEN35.replace("|\\p{N}|", "|\\p{N}" + repeat + "|"), LETTER | MARK, max);
          all.put("\\p{N}" + repeat, new NumberRuns(max));
          all.put(GPT4O.replace("{1,3}", repeat), new CamelScanner(Contractions.FOLDED, max));
          all.put(camel("", repeat), new CamelScanner(Contractions.NONE, max));
        });
    all.put(DEEPSEEK3, new DeepSeekScanner());
    all.put(DEEPSEEK_CJK, Scanners::chineseOrJapanese);
    return Map.copyOf(all);
  }

  private static void putWords(Map<String, Scanner> all, String folded, int words, int max) {
    all.put(folded, new WordScanner(Contractions.FOLDED, words, max));
    String ascii = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
    all.put(
        folded.replace(CONTRACTIONS, ascii), new WordScanner(Contractions.ASCII_CASE, words, max));
    all.put(folded.replace(CONTRACTIONS + "|", ""), new WordScanner(Contractions.NONE, words, max));
    // OpenAI's spelling: the possessive quantifiers and the single line break change no match.
    all.put(
        folded
            .replace(CONTRACTIONS, "'(?i:[sdmt]|ll|ve|re)")
            .replace("]?\\p{L}+", "]?+\\p{L}+")
            .replace("\\p{N}]+[\\r\\n]*", "\\p{N}]++[\\r\\n]*")
            .replace("\\s*[\\r\\n]+", "\\s*[\\r\\n]"),
        new WordScanner(Contractions.FOLDED, words, max));
  }

  private static int chineseOrJapanese(char[] text, int i, int end) {
    int k = i;
    while (k < end && (text[k] >= '一' && text[k] <= '龥' || text[k] >= '\u3040' && text[k] <= 'ヿ')) {
      k++;
    }
    return k > i ? k : -1;
  }

  /** The regular expressions that have one. */
  static Set<String> known() {
    return ALL.keySet();
  }

  /** The scanner that matches as {@code regex} does, or null. */
  static Scanner find(String regex) {
    return ALL.get(regex);
  }
}
