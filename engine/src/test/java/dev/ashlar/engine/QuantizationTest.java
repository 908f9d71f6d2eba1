package dev.ashlar.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.job.Cancellation;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.RunException;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.io.AshlarException;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.MemoryLimit;
import dev.ashlar.tuning.layerwise.Layerwise;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.LinearQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Quantizing by the library: data from anywhere, listeners, cancelling, going on, faults. */
class QuantizationTest {
  private static final IntegerGrid W2 = new IntegerGrid(2, 32, true);
  private static final IntegerGrid W4 = new IntegerGrid(4, 32, true);

  @TempDir Path scratch;

  @Test
  void conversationsNeedAChatTemplate(@TempDir Path folder) {
    AshlarException e =
        assertThrows(
            AshlarException.class,
            () ->
                Quantization.of("demo")
                    .conversations(List.of(List.of(Map.of("role", "user", "content", "hello"))))
                    .length(8)
                    .into(folder.resolve("out"))
                    .run());
    assertTrue(e.getMessage().contains("no chat template"), e.getMessage());
  }

  @Test
  void textsAndTheirTokensGiveTheSameBytes() throws IOException {
    Path texts = scratch.resolve("texts");
    Path ids = scratch.resolve("ids");
    List<String> data =
        List.of("The king has a horse. ".repeat(4), "Two and two is four. ".repeat(4));
    demo(texts).data(data).run();
    try (LanguageModel demo = LanguageModel.open("demo")) {
      demo(ids).tokens(data.stream().map(t -> demo.tokenizer().encode(t, true)).iterator()).run();
    }
    Fixtures.assertSameFolder(texts, ids);
  }

  private static Quantization demo(Path output) {
    return Quantization.of("demo")
        .scheme("W4A16G64")
        .samples(2)
        .length(16)
        .batchSize(2)
        .option("iters", 1)
        .into(output);
  }

  /** Interrupting the thread is another way to cancel a run, wherever its activations lie. */
  @ParameterizedTest
  @CsvSource({"false, false", "true, false", "true, true"})
  void aCancelledRunGoesOnAndWritesTheSameBytes(boolean interrupt, boolean spilled)
      throws IOException {
    Path whole = scratch.resolve("whole");
    Fixtures.quick(whole).run();
    Path broken = scratch.resolve("broken");
    Cancellation cancellation = new Cancellation();
    Runnable wish = interrupt ? Thread.currentThread()::interrupt : cancellation::cancel;
    MemoryLimit memory = spilled ? MemoryLimit.of(1) : MemoryLimit.none();
    JobListener inSecondBlock =
        new JobListener() {
          @Override
          public Stage begin(String label, double total) {
            return (done, left, detail) -> {
              if (detail.startsWith("block 2")) {
                wish.run();
              }
            };
          }
        };
    Quantization cancelled =
        Fixtures.quick(broken).memory(memory).listener(inSecondBlock).cancelledBy(cancellation);
    assertThrows(CancellationException.class, cancelled::run);
    assertEquals(interrupt, Thread.interrupted());
    assertFalse(Files.exists(broken.resolve("config.json")));
    List<String> notes = new ArrayList<>();
    JobListener noting =
        new JobListener() {
          @Override
          public void note(String sentence) {
            notes.add(sentence);
          }
        };
    Quantized result = Fixtures.quick(broken).listener(noting).run();
    assertTrue(result.run().units().getFirst().resumed());
    assertFalse(result.run().units().get(1).resumed());
    assertEquals(List.of("going on with the work of an earlier run"), notes);
    Fixtures.assertSameFolder(whole, broken);
  }

  @Test
  void severalFormatsGetAFolderEach() {
    Path output = scratch.resolve("out");
    Quantized result = Fixtures.quick(output).formats("auto_round", "fake").run();
    assertEquals(
        Map.of("auto_round", output.resolve("auto_round"), "fake", output.resolve("fake")),
        result.folders());
    assertTrue(result.bytesAfter() < result.bytesBefore());
    assertThrows(AshlarException.class, () -> Fixtures.quick(output).run());
  }

  @Test
  void aMethodOfOnesOwn() throws IOException {
    LinearQuantizer codes = layer -> () -> RoundToNearest.quantize(layer);
    Method mine =
        new Method() {
          @Override
          public String name() {
            return "mine";
          }

          @Override
          public String description() {
            return "what rtn does";
          }

          @Override
          public BlockQuantizer quantizer(MethodOptions options) {
            return new Layerwise(codes, name());
          }
        };
    Path own = scratch.resolve("own");
    Path known = scratch.resolve("known");
    Quantization.of(Fixtures.LLAMA).method(mine).groupSize(32).into(own).run();
    Quantization.of(Fixtures.LLAMA).method("rtn").groupSize(32).into(known).run();
    // The method's name is all that differs.
    for (String name : List.of("config.json", "quantization_config.json")) {
      Path file = own.resolve(name);
      Files.writeString(file, Files.readString(file).replace("\"mine\"", "\"rtn\""));
    }
    Fixtures.assertSameFolder(known, own);
  }

  @Test
  void bitsOfEachLayerForAnAverage() throws IOException {
    Path scores = scratch.resolve("scores.json");
    AverageBits bits = AverageBits.of(3.2).from("W2A16G32", "W4A16G32").keptIn(scores);
    Path first = scratch.resolve("first");
    Quantized result = averaged(bits, first);
    Set<Integer> widths = new TreeSet<>();
    result.run().schemes().values().forEach(s -> widths.add(((IntegerGrid) s).bits()));
    assertEquals(Set.of(2, 4), widths);
    byte[] kept = Files.readAllBytes(scores);
    averaged(bits.sharing("q_proj", "k_proj", "v_proj"), scratch.resolve("second"))
        .run()
        .schemes()
        .forEach((name, s) -> assertTrue(s.equals(W2) || s.equals(W4), name + " has " + s));
    assertArrayEquals(kept, Files.readAllBytes(scores));
  }

  private static Quantized averaged(AverageBits bits, Path output) {
    return Quantization.of(Fixtures.LLAMA)
        .method("rtn")
        .bits(bits)
        .tokens(Fixtures.tokens(16, 128).iterator())
        .length(128)
        .into(output)
        .run();
  }

  @Test
  void smallFloatsAreAmongTheChoicesWhereMethodAndFormatHaveThem() {
    AverageBits bits = AverageBits.of(9).from("MXFP4", "BF16").ofCodesAlone();
    Quantized result = averaged(bits, scratch.resolve("micro"));
    assertTrue(result.run().schemes().size() > 0 && result.run().skipped().size() > 0);
    // Refused before anything is measured.
    Path scores = scratch.resolve("none.json");
    AverageBits mixed = AverageBits.of(6).from("MXFP4", "MXFP8").keptIn(scores);
    String format =
        assertThrows(AshlarException.class, () -> averaged(mixed, scratch.resolve("x")))
            .getMessage();
    assertTrue(format.contains("one kind of small floats"), format);
    String method =
        assertThrows(
                AshlarException.class,
                () ->
                    Quantization.of(Fixtures.LLAMA)
                        .method("gptq")
                        .bits(mixed)
                        .tokens(Fixtures.tokens(16, 128).iterator())
                        .length(128)
                        .into(scratch.resolve("y"))
                        .run())
            .getMessage();
    assertTrue(method.contains("gptq"), method);
    assertFalse(Files.exists(scores));
  }

  @Test
  void anAverageSaysAllAboutBits() {
    Quantization q = Fixtures.quick(scratch.resolve("out")).bits(AverageBits.of(3));
    String said = assertThrows(IllegalArgumentException.class, q::run).getMessage();
    assertTrue(said.contains("groupSize"), said);
    assertThrows(
        IllegalArgumentException.class, () -> averaged(AverageBits.of(20), scratch.resolve("a")));
    assertThrows(
        IllegalArgumentException.class,
        () -> averaged(AverageBits.of(16).from("BF16"), scratch.resolve("a")));
    assertThrows(
        IllegalArgumentException.class,
        () -> averaged(AverageBits.of(3).from("W1A1"), scratch.resolve("a")));
  }

  @Test
  void blocksAreTunedAsOneAndBatchesMakeOneStep() throws IOException {
    Path deep = scratch.resolve("deep");
    Quantized plain = Fixtures.quick(scratch.resolve("plain")).run();
    Quantized result = Fixtures.quick(deep).nblocks(2).gradientAccumulation(2).run();
    assertEquals(2, plain.run().units().size());
    assertEquals(1, result.run().units().size());
    assertEquals(14, result.run().units().getFirst().layers());
    String config = Files.readString(deep.resolve("config.json"));
    assertTrue(config.replaceAll("\\s", "").contains("\"gradient_accumulate_steps\":2"), config);
    Quantized floats = Fixtures.quick(scratch.resolve("floats")).floatInputs().run();
    Quantized narrow = Fixtures.quick(scratch.resolve("narrow")).streamType(DType.BF16).run();
    assertNotEquals(lossOfSecondBlock(plain), lossOfSecondBlock(floats));
    assertNotEquals(lossOfSecondBlock(plain), lossOfSecondBlock(narrow));
    assertNotEquals(lossOfSecondBlock(floats), lossOfSecondBlock(narrow));
  }

  private static double lossOfSecondBlock(Quantized result) {
    return result.run().units().get(1).history().orElseThrow().firstLoss();
  }

  @Test
  void fromFileToFileComeTheBytesOfAnOrdinaryRun() throws IOException {
    Path ordinary = scratch.resolve("ordinary");
    Path free = scratch.resolve("free");
    Quantization.of(Fixtures.LLAMA).method("rtn").groupSize(32).into(ordinary).run();
    Quantization.of(Fixtures.LLAMA).modelFree().groupSize(32).into(free).run();
    Fixtures.assertSameFolder(ordinary, free);
    for (Quantization impossible :
        List.of(
            Quantization.of(Fixtures.LLAMA).method("signround"),
            Quantization.of(Fixtures.LLAMA).evaluating("text", 8, 1),
            Quantization.of(Fixtures.LLAMA).bits(AverageBits.of(3)),
            Quantization.of(Fixtures.LLAMA).workFolder(scratch.resolve("work")),
            Quantization.of(Fixtures.LLAMA).restarting(),
            Quantization.of(Fixtures.LLAMA)
                .plan(QuantizationPlan.uniform(W4).withFirstBlocks(1)))) {
      String said =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> impossible.modelFree().into(scratch.resolve("none")).run())
              .getMessage();
      assertTrue(said.startsWith("model-free: "), said);
      assertFalse(Files.exists(scratch.resolve("none")));
    }
  }

  @Test
  void whatDoesNothingIsSaid() {
    List<String> said = new ArrayList<>();
    JobListener hears =
        new JobListener() {
          @Override
          public void warning(String sentence) {
            said.add(sentence);
          }
        };
    Fixtures.quick(scratch.resolve("tuned")).listener(hears).run();
    assertEquals(List.of(), said);
    rounded("a").listener(hears).run();
    assertEquals(List.of(), said);
    rounded("b").data("text").nblocks(2).floatInputs().listener(hears).run();
    assertEquals(
        List.of("data, nblocks, floatInputs have no effect: method rtn is not tuned on any data"),
        said);
    said.clear();
    rounded("c").modelFree().gradientAccumulation(2).listener(hears).run();
    assertEquals(
        List.of("gradientAccumulation has no effect: method rtn is not tuned on any data"), said);
    said.clear();
    rounded("d")
        .method("gptq")
        .tokens(Fixtures.tokens(4, 16).iterator())
        .samples(4)
        .length(16)
        .gradientAccumulation(2)
        .listener(hears)
        .run();
    assertEquals(
        List.of("gradientAccumulation has no effect: method gptq takes no steps on a loss"), said);
  }

  private Quantization rounded(String name) {
    return Quantization.of(Fixtures.LLAMA).method("rtn").groupSize(32).into(scratch.resolve(name));
  }

  @Test
  void dataSetsAreNamedAsOnTheCommandLine() throws IOException {
    Path file = Files.writeString(scratch.resolve("a.txt"), "The king has a horse. ".repeat(20));
    Path named = scratch.resolve("named");
    Path read = scratch.resolve("read");
    demo(named).datasets(file.toString()).run();
    demo(read).data(file).run();
    Fixtures.assertSameFolder(read, named);
    assertThrows(AshlarException.class, () -> demo(named).datasets(file + ":no_such=1"));
    assertThrows(AshlarException.class, () -> demo(named).datasets("no/such:num=1"));
  }

  @Test
  void wrongArgumentsAreRefusedAsSuch() {
    Quantization q = Quantization.of(Fixtures.LLAMA);
    assertThrows(IllegalArgumentException.class, () -> q.method("abacus"));
    assertThrows(IllegalArgumentException.class, () -> q.scheme("W1A1"));
    assertThrows(IllegalArgumentException.class, () -> q.formats("papyrus"));
    assertThrows(IllegalArgumentException.class, q::formats);
    assertThrows(IllegalArgumentException.class, () -> q.samples(0));
    assertThrows(IllegalArgumentException.class, () -> q.length(1));
    assertThrows(IllegalArgumentException.class, () -> q.nblocks(0));
    assertThrows(IllegalArgumentException.class, q::run);
    assertThrows(
        IllegalArgumentException.class,
        () -> Fixtures.quick(scratch.resolve("out")).recipe("soup").run());
    assertThrows(
        IllegalArgumentException.class,
        () -> Fixtures.quick(scratch.resolve("out")).option("no_such", 1).run());
    assertThrows(
        IllegalArgumentException.class, () -> Fixtures.quick(scratch.resolve("out")).bits(9).run());
  }

  @Test
  void faultsOfRunsHaveTheOneSupertype() throws IOException {
    Quantization tooShort =
        Quantization.of(Fixtures.LLAMA)
            .tokens(List.of(new int[] {3, 4}).iterator())
            .length(16)
            .into(scratch.resolve("short"));
    assertThrows(RunException.class, tooShort::run);
    Path work = scratch.resolve("work");
    Fixtures.quick(scratch.resolve("one")).workFolder(work).run();
    String other =
        assertThrows(
                RunException.class,
                () -> Fixtures.quick(scratch.resolve("two")).bits(3).workFolder(work).run())
            .getMessage();
    assertTrue(other.contains(work.toString()), other);
    RunException fault = assertThrows(RunException.class, () -> rounding(1e30f).run());
    assertEquals(fault.getCause().getMessage(), fault.getMessage());
    assertTrue(fault.getMessage().contains("q_proj"), fault.getMessage());
    assertThrows(AshlarException.class, () -> rounding(Float.NaN).run());
  }

  private Quantization rounding(float weight) throws IOException {
    Path folder = Fixtures.copy(Fixtures.LLAMA, scratch.resolve("with" + weight));
    return Quantization.of(with(weight, folder)).method("rtn").into(scratch.resolve("out"));
  }

  /** Puts a weight into the first query projection of an F32 model. */
  private static Path with(float weight, Path folder) throws IOException {
    Path file = folder.resolve("model.safetensors");
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int header = Math.toIntExact(bytes.getLong(0));
    String json = new String(Arrays.copyOfRange(bytes.array(), 8, 8 + header));
    int entry = json.indexOf("model.layers.0.self_attn.q_proj.weight");
    String offsets = json.substring(json.indexOf("data_offsets", entry));
    int from = Integer.parseInt(offsets.replaceFirst("(?s)^.*?\\[\\s*(\\d+).*", "$1"));
    bytes.putFloat(8 + header + from, weight);
    Files.write(file, bytes.array());
    return folder;
  }
}
