package dev.ashlar.formats.hub;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.Optional;

/**
 * What went wrong with a repository, in a sentence that says what to do.
 *
 * @param kind of the repository
 * @param reference what was asked for
 */
record HubFaults(HubSettings settings, RepositoryKind kind, HubReference reference) {
  private static final int LONGEST_MESSAGE = 200;

  /** The fault that an answer of the hub is. */
  InputException of(int status, HttpHeaders headers) {
    String code = headers.firstValue("X-Error-Code").orElse("");
    String page = settings.endpoint() + "/" + kind.prefix + reference.id();
    return switch (code) {
      case "RevisionNotFound" ->
          fault("has no revision '" + reference.revision() + "'", "see " + page);
      case "GatedRepo" ->
          fault(
              "is open only to who has accepted its terms",
              "accept them at "
                  + page
                  + (settings.token().get().isPresent() ? "" : " and " + tokenAdvice()));
      case "EntryNotFound" -> fault("has no such file any more", "try again");
      default -> ofStatus(status, headers);
    };
  }

  private InputException ofStatus(int status, HttpHeaders headers) {
    boolean known = settings.token().get().isPresent();
    return switch (status) {
      case 401 ->
          known
              ? fault(
                  "is not there, or not for this token",
                  "check the spelling, or renew the token (HF_TOKEN)")
              : fault(
                  "is not there, or not for everybody", "check the spelling, or " + tokenAdvice());
      case 403 ->
          fault(
              "is refused by " + settings.endpoint() + said(headers),
              known ? "check what the token (HF_TOKEN) is good for" : tokenAdvice());
      case 404 -> fault("is not at " + settings.endpoint(), "check the spelling");
      case 407 ->
          fault(
              "the proxy wants a name and a password"
                  + (settings.proxies().get().isPresent() ? " other than it was told" : ""),
              "put them into HTTPS_PROXY (http://NAME:PASSWORD@HOST:PORT)");
      case 429 ->
          fault(
              settings.endpoint() + " has had too many requests",
              "try again in " + wait(headers) + (known ? "" : ", or " + tokenAdvice()));
      default ->
          fault(
              settings.endpoint() + " answers with status " + status + said(headers),
              "try again later");
    };
  }

  private static String wait(HttpHeaders headers) {
    long seconds = Patience.asked(headers).toSeconds();
    return seconds == 0 ? "a while" : seconds + " s";
  }

  private static String tokenAdvice() {
    return "set HF_TOKEN to a token of your account";
  }

  private static String said(HttpHeaders headers) {
    String message = headers.firstValue("X-Error-Message").orElse("");
    return message.isEmpty()
        ? ""
        : " (" + message.substring(0, Math.min(LONGEST_MESSAGE, message.length())) + ")";
  }

  /** The fault that nobody answers. */
  InputException unreachable(URI uri, Throwable e) {
    Optional<String> proxy = settings.proxies().get().flatMap(p -> p.name(uri));
    String host =
        uri.getScheme()
            + "://"
            + uri.getAuthority()
            + proxy.map(p -> " through the proxy " + p).orElse("");
    String checks = proxy.isPresent() ? "HTTPS_PROXY" : "HF_ENDPOINT";
    String hint =
        isUntrusted(e)
            ? "check the clock, and the certificates of this Java"
            : "check the connection and " + checks + ", or give a model that is on this machine";
    return InputException.in(reference.toString())
        .problem(host + " cannot be reached (" + reason(e) + ")")
        .hint(hint)
        .cause(e)
        .exception();
  }

  /** Whether a host could not show who it is; by name, for this module knows {@code java} alone. */
  static boolean isUntrusted(Throwable e) {
    return e.getClass().getName().startsWith("javax.net.ssl.");
  }

  /** Why there is no answer, in words: many of these exceptions have none. */
  static String reason(Throwable e) {
    return switch (e) {
      case HttpConnectTimeoutException timeout -> "no connection in time";
      case HttpTimeoutException timeout -> "no answer in time";
      case ConnectException refused ->
          refused.getCause() instanceof UnresolvedAddressException
              ? "no such host"
              : "connection refused";
      case IOException io -> InputException.reason(io);
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }

  /** The fault that the hub's answer makes no sense. */
  InputException nonsense(String what) {
    return fault(
        "the answer of " + settings.endpoint() + " " + what,
        "check HF_ENDPOINT, or try again later");
  }

  /** A fault of the repository. */
  InputException fault(String problem, String hint) {
    return InputException.in(reference.toString()).problem(problem).hint(hint).exception();
  }

  /** A fault of one of its files. */
  InputException fault(HubFile file, String problem, String hint) {
    return InputException.in(reference.toString())
        .place(file.path())
        .problem(problem)
        .hint(hint)
        .exception();
  }
}
