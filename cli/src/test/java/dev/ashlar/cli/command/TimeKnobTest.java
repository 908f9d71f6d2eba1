package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One knob, time, on the command line. */
class TimeKnobTest {
  @TempDir Path scratch;

  private CommandRun demo(Object... more) {
    List<Object> args = new ArrayList<>(List.of("quantize", "--bits", 2, "--asym"));
    args.addAll(List.of("--output-dir", scratch.resolve("out"), "--force"));
    args.addAll(List.of(more));
    return CommandRun.of(args.toArray());
  }

  private String refused(Object... more) {
    CommandRun run = demo(more);
    assertEquals(2, run.status(), run.err());
    assertEquals("", run.out());
    return run.err().lines().findFirst().orElseThrow();
  }

  @Test
  void theReportSaysWhatATimeCameToAndTakesThatForAnAnswer() {
    CommandRun timed = demo("--method", "feedback", "--minutes", 0.02, "--json");
    assertEquals(0, timed.status(), timed.err());
    Map<?, ?> time = (Map<?, ?>) timed.json().get("timed");
    assertEquals(1.2, time.get("askedSeconds"));
    List<Object> again = new ArrayList<>(List.of("--method", "feedback"));
    again.addAll((List<?>) time.get("again"));
    assertTrue(again.contains("--nsamples") && again.contains("--seqlen"), again.toString());
    CommandRun repeated = demo(again.toArray());
    assertEquals(0, repeated.status(), repeated.err());
    assertFalse(repeated.out().contains("the same again"), repeated.out());
  }

  @Test
  void theReportForPeopleSaysItToo() {
    String said = demo("--method", "feedback", "--minutes", 0.02).out();
    assertTrue(said.contains("of its time") && said.contains("layer_samples="), said);
  }

  @Test
  void whereThereIsNoSuchKnobOneSentenceSaysSo() {
    for (String method : List.of("signround", "rtn")) {
      String said = refused("--method", method, "--minutes", 1);
      assertTrue(said.contains("no option minutes; --method feedback has it"), said);
      said = refused("--method", method, "--recipe", "balanced");
      assertTrue(said.contains("--method feedback has it"), said);
    }
    assertTrue(refused("--method", "feedback", "--minutes", 0).contains("above 0"));
    assertTrue(
        refused("--method", "feedback", "--recipe", "fast", "--method-option", "steps=3")
            .contains("steps follows from minutes"));
  }
}
