package dev.ashlar.io.json;

import com.fasterxml.jackson.core.ErrorReportConfiguration;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.WholeFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Reads JSON strictly into plain values: {@code Map<String, Object>} in file order, {@code
 * List<Object>}, {@code String}, {@code Long} (or {@code BigInteger} beyond 64 bits), {@code
 * Double}, {@code Boolean} and null.
 *
 * <p>Refused with a {@link InputException}: duplicate keys, anything after the first value,
 * ill-formed UTF-8, a byte-order mark, lone surrogates, nesting deeper than {@value #MAX_DEPTH},
 * numbers longer than {@value #MAX_NUMBER} characters, documents over the caller's limit, and
 * {@code NaN} and infinities (also by overflow, as in {@code 1e999}) but in {@linkplain
 * #readObject(Path) configurations}: those are written by Python, which spells such numbers.
 */
public final class Json {
  /** Limit for configuration files; tokenizers and headers have larger ones of their own. */
  public static final long MAX_CONFIG_BYTES = 16L << 20;

  /** Limit for the largest files that are legitimately JSON: tokenizers and shard indices. */
  public static final long MAX_DOCUMENT_BYTES = 256L << 20;

  private static final int MAX_DEPTH = 256;
  private static final int MAX_NUMBER = 1000;

  /** Characters of a document that a message about it quotes. */
  private static final int MAX_QUOTED = 60;

  private static final JsonFactory FACTORY = factory(false);
  private static final JsonFactory PYTHON = factory(true);

  /** What Python spells numbers without digits as; the parser knows more spellings. */
  private static final Set<String> WORDS = Set.of("NaN", "Infinity", "-Infinity");

  private final String file;
  private final JsonParser parser;
  private final boolean python;

  private Json(String file, JsonParser parser, boolean python) {
    this.file = file;
    this.parser = parser;
    this.python = python;
  }

  private static JsonFactory factory(boolean python) {
    return new JsonFactoryBuilder()
        .configure(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS, python)
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
        .streamReadConstraints(
            StreamReadConstraints.builder()
                .maxDocumentLength(MAX_DOCUMENT_BYTES)
                .maxNestingDepth(MAX_DEPTH)
                .maxNumberLength(MAX_NUMBER)
                .build())
        .errorReportConfiguration(
            ErrorReportConfiguration.builder().maxErrorTokenLength(MAX_QUOTED).build())
        .build();
  }

  /** The object in {@code file}, which may have at most {@code maxBytes}. */
  public static Map<String, Object> readObject(Path file, long maxBytes) {
    return asObject(read(file, maxBytes), file.toString());
  }

  /**
   * The object in {@code file}, a configuration of at most {@link #MAX_CONFIG_BYTES} as Python
   * writes it: {@code NaN}, {@code Infinity} and {@code -Infinity} are numbers.
   */
  public static Map<String, Object> readObject(Path file) {
    byte[] bytes = WholeFile.bytes(file, MAX_CONFIG_BYTES, "JSON");
    return asObject(read(bytes, file.toString(), true, Json::document), file.toString());
  }

  /** The value in {@code file}, which may have at most {@code maxBytes}. */
  public static Object read(Path file, long maxBytes) {
    byte[] bytes = WholeFile.bytes(file, Math.min(maxBytes, MAX_DOCUMENT_BYTES), "JSON");
    return parse(bytes, file.toString());
  }

  /**
   * The value that {@code utf8} spells.
   *
   * @param file what to call the document in messages
   */
  public static Object parse(byte[] utf8, String file) {
    return read(utf8, file, false, Json::document);
  }

  /**
   * Hands on each key and value of the object that {@code utf8} spells, in order and one by one, so
   * that large ones need not be held as a whole.
   *
   * @param file what to call the document in messages
   */
  public static void forEachEntry(byte[] utf8, String file, BiConsumer<String, Object> entry) {
    read(utf8, file, false, json -> json.entries(entry));
  }

  private interface Reading {
    Object read(Json json) throws IOException;
  }

  private static Object read(byte[] utf8, String file, boolean python, Reading reading) {
    try {
      return parsed(utf8, file, python, reading);
    } catch (OutOfMemoryError e) {
      throw WholeFile.doesNotFit(file, utf8.length + " bytes of JSON", e);
    }
  }

  private static Object parsed(byte[] utf8, String file, boolean python, Reading reading) {
    if (utf8.length == 0) {
      throw InputException.in(file).expected("JSON").found("an empty file").exception();
    }
    if (utf8.length > MAX_DOCUMENT_BYTES) {
      throw InputException.in(file)
          .expected("at most " + MAX_DOCUMENT_BYTES + " bytes of JSON")
          .found(utf8.length + " bytes")
          .exception();
    }
    CharBuffer text;
    try {
      // Decoded here rather than by the parser, which accepts some ill-formed sequences.
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8));
    } catch (CharacterCodingException e) {
      throw InputException.in(file).problem("is not valid UTF-8").cause(e).exception();
    }
    if (text.length() > 0 && text.get(0) == '\uFEFF') {
      throw InputException.in(file)
          .problem("begins with a byte-order mark, which JSON does not allow")
          .exception();
    }
    JsonFactory factory = python ? PYTHON : FACTORY;
    try (JsonParser p = factory.createParser(text.array(), 0, text.limit())) {
      return reading.read(new Json(file, p, python));
    } catch (IOException e) {
      throw InputException.in(file).problem(reason(e)).cause(e).exception();
    }
  }

  /** The object that {@code utf8} spells. */
  public static Map<String, Object> parseObject(byte[] utf8, String file) {
    return asObject(parse(utf8, file), file);
  }

  /** {@code value} as an object, or a fault in {@code file}. */
  @SuppressWarnings("unchecked") // every map this class makes has string keys
  public static Map<String, Object> asObject(Object value, String file) {
    if (value instanceof Map<?, ?> map) {
      return (Map<String, Object>) map;
    }
    throw InputException.in(file).expected("a JSON object").found(describe(value)).exception();
  }

  /** The JSON kind of a value, for messages: {@code the string "32"}, {@code a list}… */
  public static String describe(Object value) {
    return switch (value) {
      case null -> "null";
      case Map<?, ?> map -> "an object";
      case List<?> list -> "a list";
      case String s -> "the string \"" + (s.length() > 60 ? s.substring(0, 60) + "…" : s) + "\"";
      case Boolean b -> b.toString();
      default -> "the number " + value;
    };
  }

  private Object document() throws IOException {
    if (parser.nextToken() == null) {
      throw InputException.in(file).expected("JSON").found("only white space").exception();
    }
    Object value = value();
    requireEnd();
    return value;
  }

  private Object entries(BiConsumer<String, Object> entry) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw InputException.in(file)
          .expected("a JSON object")
          .found(parser.currentToken() == null ? "only white space" : describe(value()))
          .exception();
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = wellFormed(parser.currentName());
      parser.nextToken();
      entry.accept(key, value());
    }
    requireEnd();
    return null;
  }

  private void requireEnd() throws IOException {
    if (parser.nextToken() != null) {
      throw InputException.in(file)
          .expected("the end of the document")
          .found("another value after it")
          .exception();
    }
  }

  private Object value() throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object();
      case START_ARRAY -> list();
      case VALUE_STRING -> wellFormed(parser.getText());
      case VALUE_NUMBER_INT ->
          switch (parser.getNumberType()) {
            case INT, LONG -> (Object) parser.getLongValue();
            default -> parser.getBigIntegerValue();
          };
      case VALUE_NUMBER_FLOAT -> number();
      case VALUE_TRUE -> Boolean.TRUE;
      case VALUE_FALSE -> Boolean.FALSE;
      case VALUE_NULL -> null;
      default -> throw fault("a JSON value", "something else");
    };
  }

  private Map<String, Object> object() throws IOException {
    Map<String, Object> map = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = wellFormed(parser.currentName());
      parser.nextToken();
      map.put(key, value());
    }
    return map;
  }

  private List<Object> list() throws IOException {
    List<Object> values = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      values.add(value());
    }
    return values;
  }

  private Double number() throws IOException {
    double d = parser.getDoubleValue();
    if (!Double.isFinite(d) && !(python && isPython(parser.getText()))) {
      throw fault("a finite number", parser.getText());
    }
    return d;
  }

  /** Whether Python spells a number without an end so; digits are one beyond a double's range. */
  private static boolean isPython(String number) {
    return WORDS.contains(number) || number.chars().anyMatch(Character::isDigit);
  }

  private String wellFormed(String s) {
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < s.length()
          && Character.isLowSurrogate(s.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        throw fault(
            "well-formed text", String.format(Locale.ROOT, "the lone surrogate \\u%04x", (int) c));
      }
    }
    return s;
  }

  private InputException fault(String expected, String found) {
    return InputException.in(file)
        .expected(expected)
        .found(found + " at line " + parser.currentTokenLocation().getLineNr())
        .exception();
  }

  private static String reason(IOException e) {
    if (e instanceof JsonProcessingException json) {
      String where = json.getLocation() == null ? "" : " at line " + json.getLocation().getLineNr();
      // Jackson's advice on how to relax the parser is for programmers.
      String what =
          json.getOriginalMessage().replaceAll("\\s*\\R\\s*", " ").replaceAll(": enable .*", "");
      return "is not valid JSON" + where + " (" + what + ")";
    }
    return InputException.reason(e);
  }
}
