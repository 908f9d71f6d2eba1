package dev.ashlar.cli.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.Parallel;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What is measured has a name of its own and computes what the reference does. */
class CasesTest {
  private final Set<String> names = new HashSet<>();

  @TestFactory
  Stream<DynamicTest> everyAnswerIsTheReferences() {
    BenchDevice device = new BenchDevice(new FakeDevice(), 0);
    return Benchmark.groups(true, Optional.of(device)).stream()
        .flatMap(g -> g.cases().get().stream().map(c -> test(g, c)));
  }

  private DynamicTest test(Group group, Case c) {
    return DynamicTest.dynamicTest(group.name() + ": " + c, () -> check(group, c));
  }

  private void check(Group group, Case c) {
    assertTrue(names.add(group.name() + c), "there are two of that name");
    assertTrue(c.work() > 0);
    // By all threads; one of them computes the same.
    if (c.check().isPresent()
        && (c.threads() == Parallel.threads()
            || c.bound() == Bound.CACHE
            || c.backend().equals("fake:0"))) {
      c.prepare();
      c.run();
      Check check = c.check().get();
      double distance = check.relativeL2();
      assertTrue(check.admits(distance), distance + " from the reference");
    }
  }
}
