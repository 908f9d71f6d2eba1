package dev.ashlar.text.tokenizer.sentencepiece;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads Protocol Buffers' wire format: fields, each a number and a value of known width.
 *
 * <p>Faults are {@link IllegalArgumentException}s, for the caller to say in which file.
 */
final class ProtoReader {
  private final byte[] bytes;
  private int at;
  private int wireType;
  private long number;
  private byte[] body = new byte[0];

  ProtoReader(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Moves to the next field and returns its number, or 0 at the end. */
  int next() {
    if (at == bytes.length) {
      return 0;
    }
    long key = varint();
    wireType = (int) (key & 7);
    switch (wireType) {
      case 0 -> number = varint();
      case 1 -> number = fixed(8).getLong();
      case 2 -> body = slice(varint());
      case 5 -> number = fixed(4).getInt();
      default -> throw new IllegalArgumentException("a field has the wire type " + wireType);
    }
    long field = key >>> 3;
    if (field == 0 || field > 0x1FFFFFFF) {
      throw new IllegalArgumentException("a field has the number " + field);
    }
    return (int) field;
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at == bytes.length) {
        throw new IllegalArgumentException("the file ends within a field");
      }
      byte b = bytes[at++];
      value |= (b & 0x7FL) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number has more than 64 bits");
  }

  private byte[] slice(long length) {
    if (length < 0 || length > bytes.length - at) {
      throw new IllegalArgumentException("the file ends within a field");
    }
    at += (int) length;
    return Arrays.copyOfRange(bytes, at - (int) length, at);
  }

  private ByteBuffer fixed(int length) {
    return ByteBuffer.wrap(slice(length)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void require(int type, String what) {
    if (wireType != type) {
      throw new IllegalArgumentException("a field that should be " + what + " is not");
    }
  }

  /** The field as a whole number. */
  long integer() {
    require(0, "a whole number");
    return number;
  }

  /** The field as a truth value. */
  boolean flag() {
    return integer() != 0;
  }

  /** The field as a 32-bit floating-point number. */
  float single() {
    require(5, "a float");
    return Float.intBitsToFloat((int) number);
  }

  /** The field as bytes, of the caller's own. */
  byte[] bytes() {
    require(2, "bytes");
    return body;
  }

  /** The field as text. */
  String string() {
    return new String(bytes(), StandardCharsets.UTF_8);
  }
}
