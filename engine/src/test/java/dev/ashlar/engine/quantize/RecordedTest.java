package dev.ashlar.engine.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ashlar.engine.Fixtures;
import dev.ashlar.engine.Quantization;
import dev.ashlar.io.json.Json;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.RunFacts;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exports say what was done, by which method, and nothing that was not done. */
class RecordedTest {
  private static final List<String> OF_DATA =
      List.of(
          "nsamples",
          "seqlen",
          "batch_size",
          "gradient_accumulate_steps",
          "nblocks",
          "enable_quanted_input");

  /** Needs no data, and says all the same how much there was of it. */
  private static final Method TALKATIVE =
      new Method() {
        @Override
        public String name() {
          return "talkative";
        }

        @Override
        public String description() {
          return "says too much";
        }

        @Override
        public BlockQuantizer quantizer(MethodOptions options) {
          return RoundToNearest.METHOD.create(MethodOptions.none());
        }

        @Override
        public Map<String, Object> recorded(MethodOptions options, RunFacts run) {
          return new LinkedHashMap<>(run.recorded());
        }
      };

  @TempDir Path temp;

  private Map<String, Object> config(Quantization run) {
    Path output = temp.resolve("out");
    run.into(output).overwriting().run();
    return Json.readObject(output.resolve("quantization_config.json"));
  }

  private void withoutData(Map<String, Object> config, String method) {
    assertEquals(method, config.get("ashlar_method"));
    OF_DATA.forEach(key -> assertFalse(config.containsKey(key), key + " in " + config));
  }

  @Test
  void methodsWithoutDataRecordNone() {
    withoutData(config(Quantization.of(Fixtures.LLAMA).groupSize(32).method("rtn")), "rtn");
    withoutData(
        config(Quantization.of(Fixtures.LLAMA).groupSize(32).method(TALKATIVE)), "talkative");
    Quantization none = Fixtures.quick(temp).option("iters", 0).option("disable_opt_rtn", true);
    withoutData(config(none), "rtn");
  }

  @Test
  void whatWasThereIsRecordedAndNotWhatWasAskedFor() {
    Map<String, Object> config = config(Fixtures.quick(temp).samples(40).length(9).batchSize(30));
    assertEquals("signround", config.get("ashlar_method"));
    assertEquals(3L, config.get("iters"));
    assertEquals(4L, config.get("nsamples"));
    assertEquals(9L, config.get("seqlen"));
    assertEquals(4L, config.get("batch_size"));
  }

  @Test
  void everyMethodIsRecordedByItsName() {
    for (Method method : Methods.all()) {
      Method.Choice choice = method.settle(MethodOptions.none());
      Map<String, Object> record = Recorded.of(choice, java.util.Optional.empty());
      withoutData(record, method.name());
    }
  }
}
