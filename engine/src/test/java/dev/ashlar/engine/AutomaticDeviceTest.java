package dev.ashlar.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.chat.Conversation;
import dev.ashlar.engine.device.DeviceName;
import dev.ashlar.engine.device.DeviceSpeed;
import dev.ashlar.engine.device.DeviceSpeed.Seconds;
import dev.ashlar.engine.device.DeviceSpeed.Size;
import dev.ashlar.engine.device.Surroundings;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.RunException;
import dev.ashlar.engine.model.ModelPaths;
import dev.ashlar.nn.device.DeviceException;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Without a name, a device is taken where it was measured to be faster for the work at hand. */
class AutomaticDeviceTest {
  private static final Path DEMO = ModelPaths.resolve("demo");
  private static final String PROMPT = "Ada counted";
  private static final GenerationOptions SHORT = GenerationOptions.greedy().withMaxTokens(12);

  /** A start of a second for each block, won back by 1000 tokens. */
  private static final Size FAST =
      new Size(1, 1, new Seconds(0.001, 0.002), new Seconds(0.001, 0.002));

  private static final Size AT_ONCE = new Size(1, 0, FAST.token(), FAST.prompt());
  private static final Size SLOW =
      new Size(1, 0, new Seconds(0.002, 0.001), new Seconds(0.002, 0.001));

  private final FakeDevice fake = new FakeDevice();
  private final List<String> said = new ArrayList<>();
  private final JobListener listener =
      new JobListener() {
        @Override
        public void note(String sentence) {
          said.add("note: " + sentence);
        }

        @Override
        public void warning(String sentence) {
          said.add("warning: " + sentence);
        }
      };

  private DeviceSpeed measured(Size size) {
    return measured("fake:1", size);
  }

  private DeviceSpeed measured(String device, Size size) {
    DeviceName name = DeviceName.of(device, fake.alone()).orElseThrow();
    return new DeviceSpeed(device, Surroundings.of(name), List.of(size));
  }

  private LanguageModel open(ModelOptions options, DeviceSpeed speed) {
    return LanguageModel.open(
        DEMO, options, new DeviceAccess(fake::alone, () -> Optional.of(speed), listener));
  }

  private LanguageModel open(DeviceSpeed speed) {
    return open(ModelOptions.defaults(), speed);
  }

  private static String expected() {
    try (LanguageModel processor = LanguageModel.open(DEMO)) {
      return processor.generate(PROMPT, SHORT).text();
    }
  }

  /** It generates on the processor, whatever was measured. */
  private void staysOnTheProcessor(ModelOptions options, DeviceSpeed speed) {
    try (LanguageModel model = open(options, speed)) {
      model.generate(PROMPT, SHORT);
      assertEquals(0, fake.passes);
      assertEquals(List.of(), fake.opened);
      assertEquals(Backends.chosen().name(), model.backend());
    }
  }

  @Test
  void theFasterDeviceIsTakenAndSaid() {
    for (ModelOptions options :
        List.of(ModelOptions.defaults(), ModelOptions.defaults().withBackend(ModelOptions.AUTO))) {
      try (LanguageModel model = open(options, measured(AT_ONCE))) {
        assertEquals(Backends.chosen().name(), model.backend());
        assertEquals(expected(), model.generate(PROMPT, SHORT).text());
        assertTrue(fake.passes >= 12);
        assertEquals("fake:1", model.backend());
        assertEquals(1, said.size(), said.toString());
        assertTrue(said.getFirst().startsWith("note: on fake:1, the second"), said.toString());
        model.generate(PROMPT, SHORT);
        assertEquals(1, fake.opened.size());
        assertEquals(1, said.size(), "it is said once");
      }
      assertEquals(fake.opened.size(), fake.closed);
      fake.opened.clear();
      fake.closed = 0;
      fake.passes = 0;
      said.clear();
    }
  }

  @Test
  void theSlowerDeviceIsNot() {
    staysOnTheProcessor(ModelOptions.defaults(), measured(SLOW));
    assertEquals(List.of(), said);
  }

  @Test
  void aTextTooShortForTheStartStaysOnTheProcessor() {
    staysOnTheProcessor(ModelOptions.defaults(), measured(FAST));
    GenerationOptions longer = SHORT.withMaxTokens(1200).beyondTheContext();
    try (LanguageModel model = open(measured(FAST))) {
      model.generate(PROMPT, SHORT);
      assertEquals(0, fake.passes);
      model.load(PROMPT, longer);
      assertEquals(1, fake.opened.size());
      // It is there now, and costs no start any more.
      model.generate(PROMPT, SHORT);
      assertTrue(fake.passes >= 12);
    }
  }

  @Test
  void conversationsAndFiguresTakeItToo() {
    String text = "Ada counted two bricks and one more, which made three. ".repeat(9);
    try (LanguageModel processor = LanguageModel.open(DEMO);
        LanguageModel model = open(measured(AT_ONCE))) {
      double value = processor.evaluate(text, 32, 3).value();
      assertEquals(value, model.evaluate(text, 32, 3).value(), 1e-5 * value);
      assertEquals(3, fake.passes);
      ChatOptions how =
          ChatOptions.defaults()
              .with(SHORT.beyondTheContext())
              .with(new ChatOptions.Template("{{ messages[-1].content }}", "test"));
      try (Conversation conversation = model.chat(how)) {
        conversation.ask("Ada");
        assertTrue(fake.passes > 3);
        // Another one has no room beside it, and is refused nothing.
        int before = fake.passes;
        try (Conversation second = model.chat(how)) {
          second.ask("Ada");
        }
        assertEquals(before, fake.passes);
      }
    }
  }

  @Test
  void whatNoDeviceDoesIsDoneOnTheProcessor() {
    try (LanguageModel processor = LanguageModel.open(DEMO);
        LanguageModel model = open(measured(AT_ONCE))) {
      model.generate(PROMPT, SHORT);
      assertEquals(processor.embed("Ada").length, model.embed("Ada").length);
    }
    fake.opened.clear();
    fake.passes = 0;
    for (ModelOptions o :
        List.of(
            ModelOptions.defaults().withActivations(ActivationPrecision.INT8),
            ModelOptions.defaults().withKvCache(KvPrecision.F16),
            ModelOptions.defaults().withBackend(Backends.chosen().name()))) {
      staysOnTheProcessor(o, measured(AT_ONCE));
    }
    fake.refusal = Optional.of("heads too wide");
    said.clear();
    staysOnTheProcessor(ModelOptions.defaults(), measured(AT_ONCE));
    assertEquals(List.of("note: no device is taken: heads too wide"), said);
  }

  @Test
  void aMeasurementOfOtherSurroundingsSaysNothing() {
    DeviceSpeed before = measured("fake:0", AT_ONCE);
    fake.driver = "2.0";
    staysOnTheProcessor(ModelOptions.defaults(), before);
    assertEquals(1, said.size());
    assertTrue(
        said.getFirst()
            .contains("when the driver was 1.0 and is 2.0: 'ashlar doctor --measure' measures"),
        said.toString());
  }

  @Test
  void aDeviceThatIsMissedIsSaidAndOneThatNobodyExpectsIsNot() {
    DeviceSpeed speed = measured(AT_ONCE);
    fake.absent = Optional.of("unplugged");
    staysOnTheProcessor(ModelOptions.defaults(), speed);
    assertEquals(
        List.of("warning: no device is taken: fake:1 was measured and is not there: unplugged"),
        said);
    said.clear();
    fake.expected = false;
    staysOnTheProcessor(ModelOptions.defaults(), speed);
    DeviceSpeed other = new DeviceSpeed("other:0", speed.measuredOn(), speed.sizes());
    staysOnTheProcessor(ModelOptions.defaults(), other);
    assertEquals(List.of(), said);
  }

  @Test
  void aModelThatHasNoRoomThereStaysOnTheProcessor() {
    // The second has a gigabyte; so many tokens of keys and values take more.
    try (LanguageModel model = open(measured(AT_ONCE))) {
      model.load(PROMPT, SHORT.withMaxTokens(2_000_000_000).beyondTheContext());
      assertEquals(List.of(), fake.opened);
      model.load(PROMPT, SHORT);
      assertEquals(1, fake.opened.size());
    }
  }

  @Test
  void aFaultOfTheDeviceIsNotPassedOver() {
    try (LanguageModel model = open(measured(AT_ONCE))) {
      fake.fault = Optional.of(new DeviceException("kernel t3 cannot be compiled"));
      assertEquals(
          "kernel t3 cannot be compiled",
          assertThrows(RunException.class, () -> model.generate(PROMPT, SHORT)).getMessage());
    }
  }
}
