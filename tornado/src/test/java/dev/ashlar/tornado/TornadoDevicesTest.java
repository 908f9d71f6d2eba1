package dev.ashlar.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.GenerationOptions;
import dev.ashlar.engine.LanguageModel;
import dev.ashlar.engine.ModelOptions;
import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.device.DeviceDecoder;
import dev.ashlar.nn.device.DeviceException;
import dev.ashlar.nn.device.DeviceProvider;
import dev.ashlar.nn.device.Devices;
import dev.ashlar.nn.runner.Runner.Part;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Availability;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The devices as programs find them: the host, as plain Java, or the one that the tests were
 * started with.
 */
class TornadoDevicesTest {
  private static final Path MODELS = Path.of("..", "nn", "src", "test", "resources", "models");

  /** Whether these tests were started with TornadoVM itself. */
  private static final boolean REAL = System.getProperty(TornadoDevices.IMPLEMENTATION) != null;

  private static DeviceProvider tornado;

  @BeforeAll
  static void findIt() {
    if (!REAL) {
      assertTrue(TornadoDevices.hindrance().orElseThrow().contains("TORNADOVM_HOME"));
      assertInstanceOf(Availability.Absent.class, new TornadoProvider().availability());
      assertFalse(new TornadoDevices().isExpected());
      // The stand-in is there already; only what the argument file says is missing.
      System.setProperty(TornadoDevices.IMPLEMENTATION, "the stand-in");
    }
    tornado = Devices.ofProcess().named("tornado").orElseThrow();
  }

  private static String failed(Runnable work) {
    return assertThrows(DeviceException.class, work::run).getMessage();
  }

  @Test
  void itSaysWhatThereIs() {
    assertInstanceOf(Availability.Ready.class, tornado.availability());
    assertTrue(tornado.availability().reason().startsWith("TornadoVM"));
    List<DeviceProvider.Device> devices = tornado.devices();
    assertEquals(0, devices.getFirst().index());
    assertTrue(devices.getFirst().name().endsWith(")"), devices.getFirst().name());
    assertTrue(devices.getFirst().memory().orElse(1) > 0);
    assertTrue(devices.getFirst().driver().matches(".*[0-9].*"), devices.getFirst().driver());
    assertTrue(tornado.isExpected());
    assertEquals("False", System.getProperty(TornadoDevices.BAILOUT));
  }

  @Test
  void itTunesAndWhoElseIsAskedSaysWhoDoes() {
    assertEquals("tornado", Devices.ofProcess().tuner("tornado").name());
    String said =
        assertThrows(IllegalArgumentException.class, () -> Devices.ofProcess().tuner("tornado:1"))
            .getMessage();
    assertEquals("no device 'tornado:1' for tuning; there are tornado", said);
  }

  @Test
  void itsKernelsAreNoBackendOfTheProcess() {
    Backends.Candidate candidate =
        Backends.candidates().stream().filter(c -> c.name().equals("tornado")).findFirst().get();
    assertInstanceOf(Availability.Absent.class, candidate.availability());
    assertTrue(new TornadoProvider().availability().reason().contains("--backend tornado"));
  }

  @Test
  void kernelsThatRunAsJavaInsteadAreNotHad() {
    System.setProperty(TornadoDevices.BAILOUT, "True");
    try {
      assertTrue(TornadoDevices.hindrance().orElseThrow().contains(TornadoDevices.BAILOUT));
    } finally {
      System.setProperty(TornadoDevices.BAILOUT, "False");
    }
  }

  /** A Llama whose heads no kernel takes. */
  private static Path wide(Path folder) throws IOException {
    Path llama = MODELS.resolve("llama");
    String config = Files.readString(llama.resolve("config.json"));
    Files.writeString(
        folder.resolve("config.json"), config.replace("\"head_dim\": 16", "\"head_dim\": 288"));
    try (WeightSource source = Checkpoints.open(llama);
        SafetensorsWriter writer = SafetensorsWriter.inFolder(folder)) {
      for (String name : source.names()) {
        Tensor t = source.tensor(name).toTensor();
        if (name.endsWith("o_proj.weight")) {
          t = Tensor.zeros(t.dim(0), t.dim(1) * 18);
        } else if (name.contains("self_attn")) {
          t = Tensor.zeros(t.dim(0) * 18, t.dim(1));
        }
        writer.floats(name, DType.F32, t);
      }
      writer.finish();
    }
    return folder;
  }

  @Test
  void decodersOpenOrSayWhyNot(@TempDir Path folder) throws IOException {
    try (WeightSource source = Checkpoints.open(MODELS.resolve("llama"))) {
      DecoderSpec spec = Architectures.spec(source);
      int last = tornado.devices().size() - 1;
      String said =
          failed(() -> tornado.open(spec, source, new DeviceProvider.Options(last + 1, 64)));
      assertTrue(said.contains("tornado:" + (last + 1)), said);
      int most = Integer.MAX_VALUE;
      said = failed(() -> tornado.open(spec, source, new DeviceProvider.Options(0, most)));
      assertTrue(said.contains("fewer tokens"), said);
      said =
          failed(
              () ->
                  tornado.open(
                      spec, source, new DeviceProvider.Options(0, 64, OptionalLong.of(100))));
      assertTrue(said.contains("100 are allowed"), said);
      try (DeviceDecoder decoder = tornado.open(spec, source, new DeviceProvider.Options(0, 64))) {
        SequenceCache cache = decoder.newCache();
        decoder.hidden(List.of(Part.of(cache, 1, 2, 3)), () -> false);
        assertEquals(3, cache.length());
        said = failed(() -> decoder.hidden(List.of(Part.of(cache, new int[62])), () -> false));
        assertTrue(said.contains("room for the keys and values of 64 tokens"), said);
        assertThrows(
            IllegalArgumentException.class,
            () -> decoder.hidden(List.of(Part.of(cache, spec.vocab())), () -> false));
      }
    }
    try (WeightSource source = Checkpoints.open(wide(folder))) {
      DecoderSpec spec = Architectures.spec(source);
      String refusal = tornado.refusal(spec).orElseThrow();
      assertTrue(refusal.contains("llama yet: heads of more than 256"), refusal);
      assertEquals(
          refusal, failed(() -> tornado.open(spec, source, new DeviceProvider.Options(0, 64))));
    }
  }

  @Test
  void programsGenerateAndMeasureOnIt(@TempDir Path folder) throws IOException {
    Path wide = wide(folder);
    GenerationOptions how = GenerationOptions.greedy().withMaxTokens(16);
    ModelOptions device = ModelOptions.defaults().withBackend("tornado:0");
    String text = "Ada counted two bricks and one more, which made three. ".repeat(4);
    try (LanguageModel processor = LanguageModel.open("demo");
        LanguageModel there = LanguageModel.open("demo", device)) {
      assertEquals(
          processor.generate("Ada counted", how).text(), there.generate("Ada counted", how).text());
      double expected = processor.evaluate(text, 16, 2).value();
      assertEquals(expected, there.evaluate(text, 16, 2).value(), 1e-4 * expected);
    }
    String said =
        assertThrows(InputException.class, () -> LanguageModel.open(wide, device).close())
            .getMessage();
    assertTrue(said.startsWith("tornado: no device runs models of type llama"), said);
  }

  @Test
  void whatTornadoVmThrowsBecomesOneSentence() {
    Throwable inner = new Error("\u001b[31m[ERROR] unimplemented:\n\tnode\u001b[0m");
    Throwable outer = new IllegalStateException("uk.ac.manchester.tornado.api.Inner: x", inner);
    assertEquals("unimplemented: node", DeviceFaults.said(outer));
    assertEquals("Inner: x", DeviceFaults.said(new Error(outer.getMessage())));
    String driver =
        "Bailout is disabled. \nReason: Unable to compile task blocks0.t1 - store\n\nThe internal"
            + " error is: Error of the driver\nStacktrace: [a.b/C.d(C.java:1), …]";
    assertEquals(
        "Unable to compile task blocks0.t1 - store: Error of the driver",
        DeviceFaults.said(new Error(driver)));
    assertEquals("StackOverflowError", DeviceFaults.said(new StackOverflowError()));
    Throwable there = new Error("unimplemented");
    there.setStackTrace(
        new StackTraceElement[] {
          new StackTraceElement("uk.ac.manchester.tornado.api.TaskGraph", "execute", "", 1)
        });
    assertTrue(DeviceFaults.isOfDevice(there));
    assertTrue(!DeviceFaults.isOfDevice(inner));
    String said = DeviceFaults.of("at the head", there).getMessage();
    assertTrue(said.contains("at the head: unimplemented; with ASHLAR_OPTS"), said);
    assertEquals(
        "TornadoVM failed at the head: " + DeviceFaults.said(new Error(driver)),
        DeviceFaults.of("at the head", new Error(driver)).getMessage());
  }
}
