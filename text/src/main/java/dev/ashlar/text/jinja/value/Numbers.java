package dev.ashlar.text.jinja.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/** Python's numbers: whole ones without bound (within reason), and doubles. */
public final class Numbers {
  private static final int LARGEST_BITS = 4096;
  private static final int TEXT_DIGITS = 1000;

  private Numbers() {}

  /** A value as a number (True is 1); null if it is none. */
  public static Number number(Object value) {
    return switch (value) {
      case Boolean b -> b ? 1L : 0L;
      case Long n -> n;
      case BigInteger n -> n;
      case Double d -> d;
      case null -> null;
      default -> null;
    };
  }

  private static BigInteger big(Number n) {
    return n instanceof BigInteger b ? b : BigInteger.valueOf(n.longValue());
  }

  private static Number small(BigInteger n) {
    if (n.bitLength() > LARGEST_BITS) {
      throw Budget.limit("it makes a number of more than " + LARGEST_BITS + " bits");
    }
    return n.bitLength() < 64 ? (Number) n.longValue() : n;
  }

  static boolean isEqual(Number a, Number b) {
    boolean nan = a instanceof Double d && d.isNaN() || b instanceof Double e && e.isNaN();
    return !nan && compare(a, b) == 0;
  }

  /** The order of two numbers; NaN is equal to all, so that nothing sorts by it. */
  public static int compare(Number a, Number b) {
    if (a instanceof Long x && b instanceof Long y) {
      return Long.compare(x, y);
    }
    double p = a.doubleValue();
    double q = b.doubleValue();
    if (Double.isFinite(p) && Double.isFinite(q) && !(a instanceof Double && b instanceof Double)) {
      return exact(a).compareTo(exact(b));
    }
    return p < q ? -1 : p > q ? 1 : 0;
  }

  private static BigDecimal exact(Number n) {
    return n instanceof Double d ? new BigDecimal(d) : new BigDecimal(big(n));
  }

  /** {@code a op b} for an operator of arithmetic. */
  static Number apply(String operator, Number a, Number b) {
    boolean whole = !(a instanceof Double) && !(b instanceof Double);
    if (operator.equals("**")) {
      return power(a, b);
    }
    if (operator.equals("/") || !whole) {
      return apply(operator, a.doubleValue(), b.doubleValue());
    }
    if (a instanceof Long x && b instanceof Long y) {
      try {
        return apply(operator, (long) x, (long) y);
      } catch (ArithmeticException e) {
        return apply(operator, big(a), big(b));
      }
    }
    return apply(operator, big(a), big(b));
  }

  private static long apply(String operator, long a, long b) {
    return switch (operator) {
      case "+" -> Math.addExact(a, b);
      case "-" -> Math.subtractExact(a, b);
      case "*" -> Math.multiplyExact(a, b);
      case "//" -> Math.floorDivExact(a, nonZero(b));
      default -> Math.floorMod(a, nonZero(b));
    };
  }

  private static Number apply(String operator, BigInteger a, BigInteger b) {
    if (operator.equals("//") || operator.equals("%")) {
      nonZero(b.signum());
      BigInteger[] parts = a.divideAndRemainder(b);
      boolean below = parts[1].signum() != 0 && parts[1].signum() != b.signum();
      BigInteger quotient = below ? parts[0].subtract(BigInteger.ONE) : parts[0];
      return small(operator.equals("//") ? quotient : below ? parts[1].add(b) : parts[1]);
    }
    return small(
        switch (operator) {
          case "+" -> a.add(b);
          case "-" -> a.subtract(b);
          default -> a.multiply(b);
        });
  }

  private static double apply(String operator, double a, double b) {
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / nonZero(b);
      case "%" -> floorMod(a, nonZero(b));
      default -> Math.rint((a - floorMod(a, nonZero(b))) / b);
    };
  }

  private static double floorMod(double a, double b) {
    double rest = a % b;
    return rest != 0 && rest < 0 != b < 0 ? rest + b : rest == 0 ? Math.copySign(0, b) : rest;
  }

  private static long nonZero(long n) {
    if (n == 0) {
      throw new TemplateException("division by zero");
    }
    return n;
  }

  private static double nonZero(double d) {
    if (d == 0) {
      throw new TemplateException("division by zero");
    }
    return d;
  }

  private static Number power(Number a, Number b) {
    boolean whole = !(a instanceof Double) && b instanceof Long;
    if (whole && b.longValue() >= 0) {
      BigInteger base = big(a);
      boolean trivial = base.bitLength() < 2 && base.signum() >= 0;
      if (!trivial && base.bitLength() * (double) b.longValue() > LARGEST_BITS) {
        throw Budget.limit("it makes a number of more than " + LARGEST_BITS + " bits");
      }
      return trivial
          ? (base.signum() == 0 && b.longValue() > 0 ? (Number) 0L : (Number) 1L)
          : small(base.pow((int) b.longValue()));
    }
    if (a.doubleValue() == 0 && b.doubleValue() < 0) {
      throw new TemplateException("0.0 cannot be raised to a negative power");
    }
    return Math.pow(a.doubleValue(), b.doubleValue());
  }

  static Number negate(Number n) {
    return n instanceof Double d ? (Number) (-d) : small(big(n).negate());
  }

  /** Without its sign. */
  public static Number absolute(Number n) {
    return n instanceof Double d ? (Number) Math.abs(d) : small(big(n).abs());
  }

  /** The whole number that text spells, or null. */
  public static Number parseWhole(String text, int base) {
    String s = Text.strip(text, true, true);
    String sign = s.startsWith("-") ? "-" : "";
    s = s.startsWith("-") || s.startsWith("+") ? s.substring(1) : s;
    String prefix = s.length() < 2 ? "" : s.substring(0, 2).toLowerCase(java.util.Locale.ROOT);
    int named = prefix.equals("0x") ? 16 : prefix.equals("0o") ? 8 : prefix.equals("0b") ? 2 : 0;
    int radix = base == 0 ? (named == 0 ? 10 : named) : base;
    if (named != 0 && named == radix) {
      s = s.substring(2);
      s = s.startsWith("_") ? s.substring(1) : s;
    }
    boolean grouped = s.startsWith("_") || s.endsWith("_") || s.contains("__");
    s = s.replace("_", "");
    boolean signed = s.startsWith("+") || s.startsWith("-");
    if (s.isEmpty() || signed || grouped || s.length() > TEXT_DIGITS || radix < 2 || radix > 36) {
      return null;
    }
    try {
      return small(new BigInteger(sign + s, radix));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** The double that text spells, or null. */
  public static Double parseDouble(String text) {
    String s = Text.strip(text, true, true);
    String word = s.replaceFirst("^[+-]", "").toLowerCase(java.util.Locale.ROOT);
    double sign = s.startsWith("-") ? -1 : 1;
    if (word.equals("nan")) {
      return Double.NaN;
    }
    if (word.equals("inf") || word.equals("infinity")) {
      return sign * Double.POSITIVE_INFINITY;
    }
    String digits = "\\d+(_\\d+)*";
    if (s.length() > TEXT_DIGITS
        || !word.matches(
            "(" + digits + "(\\.(" + digits + ")?)?|\\." + digits + ")(e[+-]?" + digits + ")?")) {
      return null;
    }
    return Double.valueOf(s.replace("_", ""));
  }

  /** The whole part of a number. */
  public static Number truncate(Number n) {
    if (!(n instanceof Double d)) {
      return n;
    }
    if (!Double.isFinite(d)) {
      throw new TemplateException("cannot convert float " + repr(d) + " to integer");
    }
    return small(new BigDecimal(d).toBigInteger());
  }

  /** Rounded to {@code digits} after the point, as {@code mode} says; whole numbers stay whole. */
  public static Number round(Number n, int digits, RoundingMode mode) {
    int places = Math.clamp(digits, -400, 400);
    if (!(n instanceof Double d)) {
      return places >= 0 ? n : small(new BigDecimal(big(n)).setScale(places, mode).toBigInteger());
    }
    return Double.isFinite(d) ? new BigDecimal(d).setScale(places, mode).doubleValue() : d;
  }

  /** A number as Python prints it. */
  public static String repr(Number n) {
    return n instanceof Double d ? repr((double) d) : n.toString();
  }

  private static String repr(double d) {
    if (!Double.isFinite(d)) {
      return Double.isNaN(d) ? "nan" : d > 0 ? "inf" : "-inf";
    }
    if (d == 0) {
      return 1 / d < 0 ? "-0.0" : "0.0";
    }
    // Java's shortest digits in Python's shape: an exponent below 1e-4 and from 1e16 on.
    BigDecimal shortest = new BigDecimal(Double.toString(d)).stripTrailingZeros();
    int exponent = shortest.precision() - shortest.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      return shortest.scale() <= 0 ? shortest.toBigInteger() + ".0" : shortest.toPlainString();
    }
    String digits = shortest.unscaledValue().abs().toString();
    String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
    String power = (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "");
    return (d < 0 ? "-" : "") + digits.charAt(0) + fraction + "e" + power + Math.abs(exponent);
  }
}
