package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Numbers;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Text;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/**
 * How one value is printed by a format: what both {@code %} and {@code format()} know.
 *
 * @param align one of {@code <>^=}
 * @param sign {@code +}, a space, or {@code -}
 * @param alternate whether {@code 0x} and the like are shown
 * @param grouping {@code ,} or {@code _}, or 0
 * @param precision -1 if not given
 */
record FormatSpec(
    String fill,
    char align,
    char sign,
    boolean alternate,
    int width,
    char grouping,
    int precision,
    char type) {
  private static final int MOST_DIGITS = 1000;

  /** Text, cut and padded. */
  String text(Rendering r, String s) {
    String cut = precision >= 0 && precision < Text.length(s) ? Text.sub(s, 0, precision) : s;
    return pad(r, cut);
  }

  /** A whole number. */
  String whole(Rendering r, BigInteger n) {
    String prefix = "";
    String digits =
        switch (type) {
          case 'x', 'X' -> n.abs().toString(16);
          case 'o' -> n.abs().toString(8);
          case 'b' -> n.abs().toString(2);
          default -> n.abs().toString();
        };
    if (alternate && "xXob".indexOf(type) >= 0) {
      prefix = "0" + type;
    }
    if (precision > digits.length() && precision <= MOST_DIGITS) {
      digits = "0".repeat(precision - digits.length()) + digits;
    }
    String s = type == 'X' ? digits.toUpperCase(Locale.ROOT) : digits;
    return signed(r, n.signum() < 0, prefix, group(s, "xXob".indexOf(type) >= 0 ? 4 : 3));
  }

  /** A double, as {@code e}, {@code f}, {@code g} or {@code %} print it. */
  String real(Rendering r, double d) {
    char kind = Character.toLowerCase(type);
    String s;
    if (!Double.isFinite(d)) {
      s = Double.isNaN(d) ? "nan" : "inf";
    } else {
      int digits = precision < 0 ? 6 : Math.min(precision, MOST_DIGITS);
      BigDecimal exact = new BigDecimal(Math.abs(d));
      s =
          switch (kind) {
            case 'f' -> exact.setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
            case '%' ->
                new BigDecimal(Math.abs(d) * 100)
                        .setScale(digits, RoundingMode.HALF_EVEN)
                        .toPlainString()
                    + "%";
            case 'e' -> scientific(exact, digits);
            default -> general(exact, Math.max(1, digits));
          };
    }
    s = Character.isUpperCase(type) ? s.toUpperCase(Locale.ROOT) : s;
    boolean negative = d < 0 || d == 0 && 1 / d < 0;
    return signed(r, negative, "", group(s, 3));
  }

  private static String scientific(BigDecimal d, int digits) {
    BigDecimal rounded = d.round(new MathContext(digits + 1, RoundingMode.HALF_EVEN));
    int exponent = d.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    String mantissa =
        rounded
            .scaleByPowerOfTen(-exponent)
            .setScale(digits, RoundingMode.HALF_EVEN)
            .toPlainString();
    return mantissa + power(exponent);
  }

  private static String power(int exponent) {
    int size = Math.abs(exponent);
    return (exponent < 0 ? "e-" : "e+") + (size < 10 ? "0" : "") + size;
  }

  private String general(BigDecimal d, int digits) {
    BigDecimal rounded = d.round(new MathContext(digits, RoundingMode.HALF_EVEN));
    int exponent = d.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    if (exponent < -4 || exponent >= digits) {
      String mantissa = rounded.scaleByPowerOfTen(-exponent).stripTrailingZeros().toPlainString();
      return mantissa + power(exponent);
    }
    return d.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
  }

  private String group(String s, int size) {
    if (grouping == 0) {
      return s;
    }
    int end = 0;
    while (end < s.length() && Character.digit(s.charAt(end), 16) >= 0) {
      end++;
    }
    StringBuilder out = new StringBuilder(s);
    for (int i = end - size; i > 0; i -= size) {
      out.insert(i, grouping);
    }
    return out.toString();
  }

  private String signed(Rendering r, boolean negative, String prefix, String digits) {
    String mark = negative ? "-" : sign == '+' ? "+" : sign == ' ' ? " " : "";
    if (align != '=') {
      return pad(r, mark + prefix + digits);
    }
    long room = (long) width - mark.length() - prefix.length();
    return mark + prefix + Text.pad(digits, room, fill, true, false, r.budget());
  }

  private String pad(Rendering r, String s) {
    if (align == '^') {
      // Unlike str.center, a format gives the odd one to the right.
      int size = Text.length(s);
      String left = Text.pad(s, size + (width - (long) size) / 2, fill, true, false, r.budget());
      return Text.pad(left, width, fill, false, true, r.budget());
    }
    return Text.pad(s, width, fill, align != '<', align == '<', r.budget());
  }

  /** A number as a whole one. */
  static BigInteger integer(Object value, String format) {
    Number n = Numbers.number(value);
    if (n == null) {
      throw new TemplateException(format + " needs a number");
    }
    Number whole = Numbers.truncate(n);
    return whole instanceof BigInteger b ? b : BigInteger.valueOf(whole.longValue());
  }
}
