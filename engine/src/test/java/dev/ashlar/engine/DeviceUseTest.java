package dev.ashlar.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.chat.Conversation;
import dev.ashlar.engine.evaluate.Measurement;
import dev.ashlar.engine.job.RunException;
import dev.ashlar.engine.model.ModelPaths;
import dev.ashlar.io.AshlarException;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.HeadPrecision;
import dev.ashlar.nn.device.DeviceException;
import dev.ashlar.nn.device.DeviceProvider.Options;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.Methods;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A model on a device is asked of the device, and gives back what it takes there. */
class DeviceUseTest {
  private static final Path DEMO = ModelPaths.resolve("demo");
  private static final String PROMPT = "Ada counted";
  private static final GenerationOptions SHORT = GenerationOptions.greedy().withMaxTokens(12);
  private static final GenerationOptions LONG =
      GenerationOptions.greedy().withMaxTokens(1500).beyondTheContext();

  private final FakeDevice fake = new FakeDevice();

  private LanguageModel open(String name) {
    return open(ModelOptions.defaults().withBackend(name));
  }

  private LanguageModel open(ModelOptions options) {
    return LanguageModel.open(DEMO, options, DeviceAccess.byName(fake::alone));
  }

  private static String refused(Runnable work) {
    return assertThrows(InputException.class, work::run).getMessage();
  }

  @Test
  void textIsGeneratedThereAndItsRoomGivenBack() {
    try (LanguageModel processor = LanguageModel.open(DEMO);
        LanguageModel device = open("fake:1")) {
      String expected = processor.generate(PROMPT, SHORT).text();
      assertEquals(List.of(), fake.opened, "nothing is put there before it is needed");
      assertEquals(expected, device.generate(PROMPT, SHORT).text());
      assertEquals(List.of(new Options(1, 1024)), fake.opened);
      assertTrue(fake.passes >= 12);
      assertEquals(0, fake.caches);
      assertEquals(expected, device.generate(PROMPT, SHORT).text());
      try (Stream<String> pieces = device.stream(PROMPT, SHORT)) {
        assertEquals(expected, String.join("", pieces.toList()));
      }
      try (Stream<String> pieces = device.stream(PROMPT, SHORT)) {
        assertTrue(pieces.findFirst().isPresent());
        assertEquals(1, fake.caches);
      }
      assertEquals(0, fake.caches, "whoever stops reading closes the stream");
      assertEquals(1, fake.opened.size());
    }
    assertEquals(1, fake.closed);
  }

  @Test
  void aLimitOfMemoryIsTheDevicesAffair() {
    ModelOptions limited = ModelOptions.defaults().withDeviceMemory(1 << 20);
    try (LanguageModel device = open(limited.withBackend("fake"))) {
      device.load(PROMPT, SHORT);
      assertEquals(List.of(new Options(0, 1024, OptionalLong.of(1 << 20))), fake.opened);
    }
    assertTrue(refused(() -> open(limited)).contains("memory of a device is limited"));
  }

  @Test
  void aLongerTextGetsMoreRoomUnlessAnotherHoldsSome() {
    try (LanguageModel device = open("fake")) {
      device.load(PROMPT, SHORT);
      device.load(PROMPT, LONG);
      assertEquals(List.of(new Options(0, 1024), new Options(0, 2048)), fake.opened);
      assertEquals(1, fake.closed);
      String template = "{{ messages[-1].content }}";
      ChatOptions how =
          ChatOptions.defaults().with(SHORT).with(new ChatOptions.Template(template, "test"));
      try (Conversation conversation = device.chat(how)) {
        conversation.ask("Ada");
        String said =
            refused(() -> device.load(PROMPT, LONG.withMaxTokens(2048).beyondTheContext()));
        assertTrue(said.contains("room for 2048 tokens"), said);
        conversation.ask("Bo");
      }
      assertEquals(0, fake.caches);
      device.load(PROMPT, LONG.withMaxTokens(2048).beyondTheContext());
      assertEquals(3, fake.opened.size());
    }
  }

  @Test
  void textsOfSeveralThreadsTakeTurns() {
    try (LanguageModel device = open("fake")) {
      List<String> prompts = List.of("Ada", "Bo", "Ada counted two", "The");
      List<String> expected = prompts.stream().map(p -> device.generate(p, SHORT).text()).toList();
      assertEquals(
          expected, prompts.parallelStream().map(p -> device.generate(p, SHORT).text()).toList());
      assertEquals(1, fake.opened.size());
      assertEquals(0, fake.caches);
    }
  }

  @Test
  void figuresAreThoseOfTheProcessor() throws Exception {
    Path arc = Path.of(DeviceUseTest.class.getResource("/harness/arc.jsonl").toURI());
    String text = "Ada counted two bricks and one more, which made three. ".repeat(9);
    try (LanguageModel processor = LanguageModel.open(DEMO);
        LanguageModel device = open("fake")) {
      double expected = processor.evaluate(text, 32, 3).value();
      assertEquals(expected, device.evaluate(text, 32, 3).value(), 1e-5 * expected);
      assertTrue(fake.passes == 3, "a pass for each window: " + fake.passes);
      Measurement there = Evaluation.of(device).limit(3).on(arc.toString()).getFirst();
      Measurement here = Evaluation.of(processor).limit(3).on(arc.toString()).getFirst();
      assertEquals(here.figures().get("acc"), there.figures().get("acc"));
      assertTrue(fake.passes > 3);
      assertEquals(0, fake.caches);
      String said = refused(() -> Evaluation.of(device).reference(processor).on(arc.toString()));
      assertTrue(said.contains("fake:0"), said);
    }
  }

  @Test
  void whatNoDeviceHeedsIsRefused() {
    ModelOptions fakes = ModelOptions.defaults().withBackend("fake");
    for (ModelOptions o :
        List.of(
            fakes.withActivations(ActivationPrecision.INT8),
            fakes.withKvCache(KvPrecision.F16),
            fakes.withHead(HeadPrecision.INT8),
            fakes.withAdapter(Path.of("no-such-adapter")))) {
      String said = refused(() -> open(o));
      assertTrue(said.startsWith("fake:0 does not compute with "), said);
    }
    try (LanguageModel device = open("fake")) {
      assertTrue(refused(() -> device.embed("Ada")).contains("processor"));
      assertTrue(
          refused(() -> device.prepare(new IntegerGrid(4, 32, false), Methods.BASELINE))
              .contains("processor"));
    }
    assertEquals(List.of(), fake.opened);
  }

  @Test
  void aDeviceThatIsNotThereIsSaid() {
    assertTrue(refused(() -> open("fake:2")).contains("fake:1, the second"));
    assertThrows(IllegalArgumentException.class, () -> open("fake:x"));
    assertThrows(IllegalArgumentException.class, () -> open("fake:"));
    assertThrows(
        IllegalArgumentException.class,
        () -> {
          try (LanguageModel model = open("nothing")) {
            model.generate(PROMPT, SHORT);
          }
        });
    fake.refusal = Optional.of("no device runs it");
    assertEquals("fake: no device runs it", refused(() -> open("fake")));
    fake.absent = Optional.of("nobody plugged it in");
    assertEquals("there is no device of fake: nobody plugged it in", refused(() -> open("fake")));
  }

  @Test
  void theProcessIsLeftToChooseByAuto() {
    try (LanguageModel model = open(ModelOptions.AUTO)) {
      model.generate(PROMPT, SHORT);
      assertEquals(0, fake.passes);
    }
  }

  @Test
  void aDeviceThatFailsIsAFaultAndNothingElseComputes() {
    try (LanguageModel device = open("fake")) {
      fake.fault = Optional.of(new DeviceException("kernel t3 cannot be compiled"));
      AshlarException fault =
          assertThrows(RunException.class, () -> device.generate(PROMPT, SHORT));
      assertEquals("kernel t3 cannot be compiled", fault.getMessage());
      assertEquals(0, fake.caches);
      assertEquals(1, fake.passes);
    }
  }
}
