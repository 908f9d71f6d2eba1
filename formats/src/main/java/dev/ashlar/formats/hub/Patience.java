package dev.ashlar.formats.hub;

import java.net.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How often and after which pauses a request is made again: pauses double, and are never shorter
 * than the server asks for.
 *
 * @param first pause after the first failure
 * @param stall time without a byte after which a connection counts as broken
 */
record Patience(Duration first, Duration stall) {
  /** What is polite towards a server that others use too. */
  static final Patience USUAL = new Patience(Duration.ofSeconds(1), Duration.ofSeconds(30));

  /** Failures in a row of which the last is one too many. */
  static final int TRIES = 5;

  private static final Duration LONGEST = Duration.ofSeconds(30);

  /** A server that asks for more is not waited for. */
  private static final Duration LONGEST_ASKED = Duration.ofMinutes(5);

  private static final int WAIT = 429;
  private static final int TIMEOUT = 408;
  private static final Pattern RESET = Pattern.compile("(?:^|[;,\\s])t=(\\d{1,9})");

  /** Whether a request with that answer may succeed later. */
  static boolean mayPass(int status) {
    return status == WAIT || status == TIMEOUT || status >= 500;
  }

  /** The pause after so many failures; empty if it is enough. */
  Optional<Duration> pause(int failures) {
    if (failures >= TRIES) {
      return Optional.empty();
    }
    Duration doubled = first.multipliedBy(1L << Math.min(failures - 1, 10));
    return Optional.of(doubled.compareTo(LONGEST) < 0 ? doubled : LONGEST);
  }

  /** The same behind an answer that may say how long to wait. */
  Optional<Duration> pause(int failures, HttpHeaders headers) {
    Duration asked = asked(headers);
    if (asked.compareTo(LONGEST_ASKED) > 0) {
      return Optional.empty();
    }
    return pause(failures).map(p -> p.compareTo(asked) < 0 ? asked : p);
  }

  /** What a server asks for: {@code Retry-After} as seconds or a date, or the hub's own header. */
  static Duration asked(HttpHeaders headers) {
    String after = headers.firstValue("Retry-After").orElse("").strip();
    if (after.matches("\\d{1,9}")) {
      return Duration.ofSeconds(Long.parseLong(after));
    }
    if (!after.isEmpty()) {
      try {
        Instant when = Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(after));
        Duration until = Duration.between(Instant.now(), when);
        return until.isNegative() ? Duration.ZERO : until;
      } catch (DateTimeException e) {
        return Duration.ZERO;
      }
    }
    Matcher m = RESET.matcher(headers.firstValue("RateLimit").orElse(""));
    return m.find() ? Duration.ofSeconds(Long.parseLong(m.group(1))) : Duration.ZERO;
  }
}
