package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.inspect.CodeUse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** How often the codes of each packed matrix are used. */
record CodeUseReport(Path model, List<CodeUse> uses) {
  /** Up to this many bits each code has a figure of its own. */
  private static final int LISTED_BITS = 4;

  private static final int IN_A_LINE = 8;

  /**
   * @param shown how many matrices at most
   */
  Report report(int shown) {
    return new Report(text(shown), json());
  }

  /** Bits for each code of all matrices, used and stored. */
  private double mean(ToDoubleFunction<CodeUse> bits) {
    double sum = uses.stream().mapToDouble(u -> bits.applyAsDouble(u) * u.total()).sum();
    return sum / uses.stream().mapToLong(CodeUse::total).sum();
  }

  private String text(int shown) {
    StringBuilder s = new StringBuilder();
    s.append(model).append('\n');
    if (uses.isEmpty()) {
      return s.append("  no codes: all weights are floats\n").toString();
    }
    for (CodeUse use : uses.subList(0, Math.min(shown, uses.size()))) {
      s.append(
          String.format(
              Locale.ROOT,
              "  %-52s %d bits, entropy %.3f%n",
              use.name(),
              use.bits(),
              use.entropy()));
      if (use.bits() <= LISTED_BITS) {
        shares(s, use.shares());
      }
    }
    s.append(
        String.format(
            Locale.ROOT,
            "  %-52s %.3f bits, entropy %.3f%n",
            "all " + uses.size() + " matrices",
            mean(CodeUse::bits),
            mean(CodeUse::entropy)));
    if (shown < uses.size()) {
      s.append("  and ").append(uses.size() - shown).append(" more; --all lists them\n");
    }
    return s.toString();
  }

  private static void shares(StringBuilder s, List<Double> shares) {
    for (int from = 0; from < shares.size(); from += IN_A_LINE) {
      s.append("    ");
      for (int code = from; code < Math.min(shares.size(), from + IN_A_LINE); code++) {
        s.append(String.format(Locale.ROOT, " %2d: %5.2f%%", code, 100 * shares.get(code)));
      }
      s.append('\n');
    }
  }

  private Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("path", model.toString());
    if (!uses.isEmpty()) {
      json.put("bits", mean(CodeUse::bits));
      json.put("entropy", mean(CodeUse::entropy));
    }
    List<Object> codes = new ArrayList<>();
    for (CodeUse use : uses) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("name", use.name());
      one.put("bits", use.bits());
      one.put("entropy", use.entropy());
      if (use.bits() <= LISTED_BITS) {
        one.put("shares", use.shares());
      }
      codes.add(one);
    }
    json.put("codes", codes);
    return json;
  }
}
