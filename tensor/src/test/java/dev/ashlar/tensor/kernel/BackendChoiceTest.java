package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.kernel.Availability.Absent;
import dev.ashlar.tensor.kernel.Availability.Ready;
import dev.ashlar.tensor.kernel.Availability.Slow;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Which backend is chosen, and what is said of the others. */
class BackendChoiceTest {
  private static final BackendProvider PLAIN = fake("plain", 0, new Ready("loops"));
  private static final BackendProvider FAST = fake("fast", 10, new Ready("wide loops"));
  private static final BackendProvider LAME = fake("lame", 10, new Slow("it limps"));
  private static final BackendProvider GONE = fake("gone", 20, new Absent("it has left"));

  private record Fake(String name, int priority, Availability availability, Backend backend)
      implements BackendProvider {}

  private static BackendProvider fake(String name, int priority, Availability availability) {
    Backend backend =
        (Backend)
            Proxy.newProxyInstance(
                Backend.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (proxy, method, arguments) ->
                    method.getName().equals("equals") ? proxy == arguments[0] : name);
    return new Fake(name, priority, availability, backend);
  }

  private static BackendChoice choice(String asked, BackendProvider... providers) {
    return new BackendChoice(List.of(providers), asked);
  }

  private static String text(BackendChoice c, Function<Backends.Candidate, Object> fact) {
    return c.candidates().stream().map(f -> fact.apply(f) + "").collect(Collectors.joining("; "));
  }

  @Test
  void theFastestThatIsReady() {
    BackendChoice c = choice("", FAST, GONE, PLAIN);
    assertSame(FAST, c.chosen().orElseThrow());
    assertEquals("fast: wide loops", c.reason());
    assertEquals("gone; fast; plain", text(c, Backends.Candidate::name));
    assertEquals("false; true; false", text(c, Backends.Candidate::chosen));
    assertEquals("it has left; wide loops; fast is faster", text(c, Backends.Candidate::reason));
    assertEquals(List.of(PLAIN.backend(), FAST.backend()), c.running());
  }

  @Test
  void theLastResortSaysWhatTheNextOneLacks() {
    BackendChoice c = choice("", PLAIN, LAME, GONE);
    assertSame(PLAIN, c.chosen().orElseThrow());
    assertTrue(c.isFallback());
    assertEquals("plain: it limps", c.reason());
    assertEquals("it has left; it limps; it limps", text(c, Backends.Candidate::reason));
    assertEquals(List.of(PLAIN.backend(), LAME.backend()), c.running());
  }

  @Test
  void whoIsNamedIsGiven() {
    BackendChoice c = choice("lame", PLAIN, LAME, FAST);
    assertSame(LAME, c.chosen().orElseThrow());
    assertEquals("lame: it limps (ashlar.backend asks for it)", c.reason());
    assertEquals(
        "it limps (ashlar.backend asks for it); ashlar.backend asks for lame;"
            + " ashlar.backend asks for lame",
        text(c, Backends.Candidate::reason));
    assertSame(FAST.backend(), c.named("fast"));
    assertSame(PLAIN.backend(), c.named("plain"));
  }

  @Test
  void whoCannotBeGivenIsRefusedWithTheReason() {
    BackendChoice c = choice("gone", PLAIN, GONE);
    assertTrue(c.chosen().isEmpty());
    assertEquals(
        "ashlar.backend=gone is not available here (it has left); available: plain", c.reason());
    assertEquals(
        "backend gone is not available here (it has left); available: plain",
        assertThrows(IllegalArgumentException.class, () -> c.named("gone")).getMessage());
    assertEquals(
        "backend unheard is not available here; available: plain",
        assertThrows(IllegalArgumentException.class, () -> c.named("unheard")).getMessage());
  }

  @Test
  void thisProcessHasTheReferenceFirst() {
    assertSame(Backends.reference(), Backends.all().getFirst());
    assertSame(Backends.reference(), Backends.named("reference"));
    assertTrue(Backends.all().contains(Backends.chosen()));
    assertTrue(Backends.reason().startsWith(Backends.chosen().name() + ": "));
    assertEquals(1, Backends.candidates().stream().filter(Backends.Candidate::chosen).count());
  }
}
