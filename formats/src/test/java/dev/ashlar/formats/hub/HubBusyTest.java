package dev.ashlar.formats.hub;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A busy store beside a hub that answers late. */
class HubBusyTest {
  private static final Duration LATE = Duration.ofMillis(50);

  @TempDir Path temp;

  /** What was asked for before a server said that it is busy does not say that it is well again. */
  @Test
  void bytesThatComeLateDoNotCountForABusyServer() throws IOException {
    try (HubServer server = new HubServer(0)) {
      server.put(HubTest.MODEL, "config.json", "{}");
      server.put(HubTest.MODEL, "tokenizer.json", "[]");
      server.put(HubTest.MODEL, "model.safetensors", HubTest.random(95_000));
      server.fault =
          (e, r) -> {
            if (!r.hub()) {
              e.sendResponseHeaders(503, -1);
              return true;
            }
            if (r.path().endsWith("tokenizer.json")) {
              LockSupport.parkNanos(LATE.toNanos());
            }
            return false;
          };
      HubSettings settings =
          new HubSettings(temp.resolve("hub"), server.endpoint(), Optional::empty, false, true);
      Hub hub = new Hub(settings, HubTest.QUICK, HubTest.RANGE);
      HubReference model = HubReference.of(HubTest.MODEL);
      String fault =
          assertThrows(InputException.class, () -> hub.model(model, HubListener.SILENT))
              .getMessage();
      assertTrue(fault.contains("status 503"), fault);
      List<HubServer.Request> asked = server.files().stream().filter(r -> !r.hub()).toList();
      assertTrue(asked.size() <= 6 * Patience.TRIES, asked.size() + ": " + asked);
    }
  }
}
