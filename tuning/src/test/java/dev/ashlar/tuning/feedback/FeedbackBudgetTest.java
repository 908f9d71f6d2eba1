package dev.ashlar.tuning.feedback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.BlockwiseQuantization;
import dev.ashlar.tuning.Collected;
import dev.ashlar.tuning.EndedAfter;
import dev.ashlar.tuning.RunListener;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.RunReport;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.UnitReport;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.Budget;
import dev.ashlar.tuning.method.Budget.Choice;
import dev.ashlar.tuning.method.Budget.Cost;
import dev.ashlar.tuning.method.Budget.Numbers;
import dev.ashlar.tuning.method.Budget.Speed;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.work.WorkFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Numbers that follow from a time, and runs that have them. */
class FeedbackBudgetTest {
  /** A tenth of a second for a unit, and for a sample a twentieth of it. */
  private static final Speed SPEED = new Speed(30, new Cost(0.5, 0.05), 0.6);

  /** Calls of a listener by which the number of steps is certain. */
  private static final int SOME_STEPS = 60;

  @TempDir Path temporary;

  private static Budget budget(String minutes, String... more) {
    Map<String, String> options = new HashMap<>(Map.of("minutes", minutes));
    for (int i = 0; i < more.length; i += 2) {
      options.put(more[i], more[i + 1]);
    }
    return Feedback.METHOD.create(MethodOptions.of(options)).budget().orElseThrow();
  }

  private static Choice choice(String minutes, int available) {
    Budget budget = budget(minutes);
    return budget.choose(SPEED, budget.time(), available);
  }

  private static double seconds(Numbers n, Speed speed) {
    int layers = n.options().get("layer_samples");
    double step = 5 * 2 * speed.pass();
    return speed.units() * (speed.unit().fixed() + layers * speed.unit().sample())
        + 3 * 4 * speed.pass()
        + n.options().get("steps") * step;
  }

  @Test
  void moreTimeIsMoreOfEverythingAndIsFilled() {
    Numbers before = choice("0.5", 4096).numbers();
    for (String minutes : List.of("1.5", "3", "10", "60", "600")) {
      Choice choice = choice(minutes, 100_000);
      assertTrue(choice.warning().isEmpty(), choice.toString());
      Numbers now = choice.numbers();
      before.options().keySet().stream()
          .filter(now.options()::containsKey)
          .forEach(k -> assertTrue(now.options().get(k) >= 0, k));
      assertTrue(now.samples() >= before.samples(), before + " then " + now);
      assertTrue(
          now.options().get("layer_samples") >= before.options().get("layer_samples"),
          before + " then " + now);
      assertTrue(now.options().get("steps") >= before.options().get("steps"), now.toString());
      double asked = 60 * Double.parseDouble(minutes);
      assertEquals(asked, seconds(now, SPEED), 0.15 * asked, now.toString());
      // Every step has samples of its own, and some to spare.
      int fresh = now.samples() - now.options().get("layer_samples") - 4;
      assertTrue(fresh >= 2 * now.options().get("steps"), now.toString());
      before = now;
    }
  }

  @Test
  void aShortTextIsSharedAndALittleTimeIsSaidToBeTooLittle() {
    Numbers few = choice("10", 30).numbers();
    assertEquals(30, few.samples());
    assertTrue(few.options().get("layer_samples") <= 15, few.toString());
    assertTrue(few.options().get("steps") > 15, few.toString());
    Choice none = choice("0.01", 4096);
    assertEquals(4, none.numbers().options().get("layer_samples"));
    assertEquals(1, none.warning().map(w -> w.split("\\. ").length).orElse(0));
    assertTrue(none.warning().get().contains("0.0100 minutes"), none.warning().get());
  }

  @Test
  void whatWasAskedForIsKeptAndConflictsAreRefused() {
    Budget budget = budget("3", "sweeps", "3", "damping", "0.2");
    Numbers numbers = new Numbers(9, Map.of("layer_samples", 4, "steps", 2));
    assertEquals(
        Map.of("sweeps", "3", "damping", "0.2", "layer_samples", "4", "steps", "7"),
        budget.options(budget.with(numbers, 7)).values());
    for (String option : List.of("steps", "share", "layer_samples")) {
      assertTrue(
          assertThrows(IllegalArgumentException.class, () -> budget("3", option, "1"))
              .getMessage()
              .contains(option + " follows from minutes"));
    }
    for (String wrong : List.of("0", "-1", "NaN", "long")) {
      assertThrows(IllegalArgumentException.class, () -> budget(wrong));
    }
    assertTrue(
        Feedback.METHOD.create(MethodOptions.of(Map.of("minutes", "none"))).budget().isEmpty());
  }

  private static final CalibrationSet DATA = TinyModel.data(400, 16);

  private static BlockwiseQuantization run(
      Decoder model, CalibrationSet data, Map<String, String> options) {
    return new BlockwiseQuantization(
        model,
        QuantizationPlan.uniform(new IntegerGrid(2, 32, false)),
        data,
        Feedback.METHOD.create(MethodOptions.of(options)),
        new RunOptions(4, 1, 1, true, 42));
  }

  private static Collected again(Decoder model, Budget budget, Numbers numbers) {
    Collected found = new Collected();
    run(model, DATA.first(numbers.samples()), budget.options(numbers).values())
        .run(found, RunListener.SILENT);
    return found;
  }

  @Test
  void theNumbersThatATimeCameToGiveTheSameResult() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      // A busy machine needs longer until there is time for steps.
      double minutes = 0.03;
      while (!followed(model, minutes)) {
        minutes *= 2;
        assertTrue(minutes < 1, "there was never time for steps");
      }
      // The run of the numbers is no run with a time.
      assertTrue(
          run(model, DATA, Map.of()).run(new Collected(), RunListener.SILENT).timed().isEmpty());
    }
  }

  /** Whether there were steps; the numbers that the time came to give the same. */
  private static boolean followed(Decoder model, double minutes) {
    Collected found = new Collected();
    List<Numbers> told = new ArrayList<>();
    RunReport report =
        run(model, DATA, Map.of("minutes", "" + minutes))
            .run(
                found,
                new RunListener() {
                  @Override
                  public void settled(Numbers numbers) {
                    assertTrue(found.names().isEmpty());
                    told.add(numbers);
                  }
                });
    RunReport.Timed timed = report.timed().orElseThrow();
    assertEquals(List.of(timed.numbers()), told);
    assertEquals(Math.round(60_000 * minutes), timed.asked().toMillis());
    found.assertSame(again(model, budget("" + minutes), timed.numbers()));
    return timed.numbers().options().get("steps") > 0;
  }

  @Test
  void aRunThatGoesOnHasTheNumbersOfItsBeginning() {
    try (Checkpoint source = TinyModel.open()) {
      Decoder model = Architectures.load(source);
      // In the second unit, in steps before their number is certain, and when it is; a busy machine
      // may have no time for steps.
      for (int calls : new int[] {2, 5, SOME_STEPS}) {
        Path folder = temporary.resolve("after-" + calls);
        BlockwiseQuantization asked = run(model, DATA, Map.of("minutes", "0.02"));
        try (WorkFolder work = WorkFolder.open(folder, asked.job(Map.of()), false)) {
          BlockwiseQuantization first = asked.settled(Optional.of(work));
          Executable run =
              () -> first.run(Optional.of(work), new Collected(), new EndedAfter(calls));
          if (calls == 2) {
            assertThrows(CancellationException.class, run);
          } else {
            endedOrOver(run);
          }
        }
        Numbers numbers = null;
        Collected whole = null;
        for (int i = 0; i < 2; i++) {
          Collected found = new Collected();
          try (WorkFolder work = WorkFolder.open(folder, asked.job(Map.of()), false)) {
            RunReport report = asked.run(Optional.of(work), found, RunListener.SILENT);
            assertTrue(report.units().stream().anyMatch(UnitReport::resumed));
            numbers = report.timed().orElseThrow().numbers();
          }
          whole = whole == null ? again(model, budget("0.02"), numbers) : whole;
          whole.assertSame(found);
        }
        assertFalse(whole.names().isEmpty());
      }
    }
  }

  /** On a slow machine the time is over before so many steps, and all of it is in the store. */
  private static void endedOrOver(Executable run) {
    try {
      run.execute();
    } catch (CancellationException e) {
      return;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
