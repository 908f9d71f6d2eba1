package dev.ashlar.formats.gguf;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.OpenFile;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.RandomAccess;

/**
 * Reads a GGUF header from front to back. Every length is held against what is left of the file
 * before anything is allocated for it.
 */
final class GgufCursor {
  private static final int WINDOW = 1 << 16;
  private static final int DEEPEST_ARRAY = 4;

  /** Far beyond any template or text that a model comes with. */
  private static final long LONGEST_TEXT = 64L << 20;

  /** Far beyond any vocabulary: texts of a list, and bytes of a list of numbers. */
  private static final long MOST_TEXTS = 4_000_000;

  private static final long LONGEST_NUMBERS = 256L << 20;
  private static final int BOOLEAN = 7;
  private static final char REPLACEMENT = '\uFFFD';

  private final OpenFile file;
  private ByteBuffer window = ByteBuffer.allocate(0);
  private long windowStart;

  GgufCursor(OpenFile file) {
    this.file = file;
  }

  /** Position from the start of the file. */
  long position() {
    return windowStart + window.position();
  }

  long remaining() {
    return file.size() - position();
  }

  private ByteBuffer need(int bytes, String what) {
    if (window.remaining() < bytes) {
      long at = position();
      if (remaining() < bytes) {
        throw fault(
            what, bytes + " more bytes for the header", remaining() + " at the end of the file");
      }
      int n = (int) Math.min(Math.max(WINDOW, bytes), remaining());
      window = file.buffer(at, n).order(ByteOrder.LITTLE_ENDIAN);
      windowStart = at;
    }
    return window;
  }

  int u8(String what) {
    return need(1, what).get() & 0xFF;
  }

  int i32(String what) {
    return need(4, what).getInt();
  }

  /** A 64-bit count or size; one that is negative as a long is refused. */
  long size(String what) {
    long v = need(8, what).getLong();
    if (v < 0) {
      throw fault(what, "a number below 2^63", Long.toUnsignedString(v));
    }
    return v;
  }

  /** A string of at most {@code longest} bytes. */
  String string(String what, long longest) {
    long n = size(what);
    if (n > longest || n > remaining()) {
      throw fault(
          what, "text of at most " + Math.min(longest, remaining()) + " bytes", n + " bytes");
    }
    ByteBuffer bytes = need((int) n, what);
    int from = bytes.position();
    String text =
        new String(bytes.array(), bytes.arrayOffset() + from, (int) n, StandardCharsets.UTF_8);
    // What is no UTF-8 was replaced; only a text that holds the replacement can have been.
    if (text.indexOf(REPLACEMENT) >= 0) {
      requireUtf8(bytes.slice(from, (int) n), what);
    }
    bytes.position(from + (int) n);
    return text;
  }

  private void requireUtf8(ByteBuffer bytes, String what) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(bytes);
    } catch (CharacterCodingException e) {
      throw InputException.in(file.path())
          .place(what)
          .problem("is not valid UTF-8")
          .cause(e)
          .exception();
    }
  }

  /** A metadata value. */
  Object value(String key) {
    return value(key, i32(key), DEEPEST_ARRAY);
  }

  private Object value(String key, int type, int depth) {
    return switch (type) {
      case 8 -> string(key, LONGEST_TEXT);
      case 9 -> array(key, depth);
      default -> {
        ByteBuffer bytes = need(width(key, type), key);
        if (type == BOOLEAN) {
          requireTruth(key, bytes.get(bytes.position()));
        }
        yield scalar(bytes, type);
      }
    };
  }

  /** The specification takes any other byte for a damaged file. */
  private void requireTruth(String key, byte value) {
    if (value != 0 && value != 1) {
      throw fault(key, "true or false as 1 or 0", "the byte " + (value & 0xFF));
    }
  }

  private static Object scalar(ByteBuffer b, int type) {
    return switch (type) {
      case 0 -> (long) (b.get() & 0xFF);
      case 1 -> (long) b.get();
      case 2 -> (long) (b.getShort() & 0xFFFF);
      case 3 -> (long) b.getShort();
      case 4 -> b.getInt() & 0xFFFFFFFFL;
      case 5 -> (long) b.getInt();
      case 6 -> b.getFloat();
      case 7 -> b.get() != 0;
      case 10 -> unsigned(b.getLong());
      case 11 -> b.getLong();
      default -> b.getDouble();
    };
  }

  private static Object unsigned(long v) {
    return v >= 0 ? (Object) v : new BigInteger(Long.toUnsignedString(v));
  }

  private int width(String key, int type) {
    return switch (type) {
      case 0, 1, 7 -> 1;
      case 2, 3 -> 2;
      case 4, 5, 6 -> 4;
      case 10, 11, 12 -> 8;
      default -> throw fault(key, "a value type from 0 to 12", Integer.toUnsignedString(type));
    };
  }

  private List<Object> array(String key, int depth) {
    if (depth == 0) {
      throw fault(key, "arrays nested at most " + DEEPEST_ARRAY + " deep", "deeper ones");
    }
    int type = i32(key);
    long n = size(key);
    // The least a string takes is its length, an array its type and length.
    int least = type == 8 ? 8 : type == 9 ? 12 : width(key, type);
    if (n > remaining() / least) {
      throw fault(key, "an array that fits into the file", n + " elements");
    }
    long most = type == 8 || type == 9 ? MOST_TEXTS : LONGEST_NUMBERS / least;
    if (n > most) {
      throw fault(key, "at most " + most + " elements", n + "");
    }
    if (type == 8 || type == 9) {
      List<Object> values = new ArrayList<>();
      for (long i = 0; i < n; i++) {
        values.add(value(key, type, depth - 1));
      }
      return Collections.unmodifiableList(values);
    }
    byte[] bytes = new byte[(int) n * least];
    need(bytes.length, key).get(bytes);
    if (type == BOOLEAN) {
      for (byte b : bytes) {
        requireTruth(key, b);
      }
    }
    return new Scalars(bytes, type, least);
  }

  private InputException fault(String what, String expected, String found) {
    return InputException.in(file.path()).place(what).expected(expected).found(found).exception();
  }

  /** An array of numbers or booleans, kept as its bytes: boxed, it would be many times the file. */
  private static final class Scalars extends AbstractList<Object> implements RandomAccess {
    private final ByteBuffer bytes;
    private final int type;
    private final int width;

    Scalars(byte[] bytes, int type, int width) {
      this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      this.type = type;
      this.width = width;
    }

    @Override
    public Object get(int index) {
      return scalar(
          bytes.slice(Math.multiplyExact(index, width), width).order(ByteOrder.LITTLE_ENDIAN),
          type);
    }

    @Override
    public int size() {
      return bytes.capacity() / width;
    }
  }
}
