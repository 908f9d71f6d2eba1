package dev.ashlar.bench.fuzz;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.adapter.Adapters;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.gguf.GgufFile;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.text.chat.ChatTemplate;
import dev.ashlar.text.tokenizer.Tokenizer;
import dev.ashlar.text.tokenizer.Tokenizers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The readers of files that may come from anybody: a line each, and a method beside it. */
enum FuzzTarget implements FuzzReader {
  SAFETENSORS(".*\\.safetensors", FuzzTarget::safetensors),
  GGUF(".*\\.gguf", FuzzTarget::gguf),
  TOKENIZER_JSON(".*tokenizer\\.json|syn_.*\\.json", FuzzTarget::tokenizerJson),
  TOKENIZER_CONFIG("tokenizer_config\\.json", FuzzTarget::tokenizerConfig),
  SENTENCEPIECE(".*\\.model", FuzzTarget::sentencePiece),
  CONFIG("config\\.json", FuzzTarget::config),
  TEMPLATE(".*\\.jinja", FuzzTarget::template),
  INDEX(".*\\.index\\.json", FuzzTarget::index),
  ADAPTER("adapter_config\\.json", FuzzTarget::adapter);

  private static final String TEXT = "Grüße, \u4e16\u754c!  a1b2\n\t<s> </s> \ud83d\ude00 don't";
  private static final List<Map<String, String>> TALK =
      List.of(
          Map.of("role", "system", "content", "Be brief."),
          Map.of("role", "user", "content", "Hello"),
          Map.of("role", "assistant", "content", "Hi."),
          Map.of("role", "user", "content", "Bye"));

  /** Elements of a tensor that are read: readers of types are reached, time is not wasted. */
  private static final int MOST = 1 << 16;

  private final Pattern files;
  private final FuzzReader reader;

  FuzzTarget(String files, FuzzReader reader) {
    this.files = Pattern.compile(files);
    this.reader = reader;
  }

  /** The target of that name, in any case. */
  static FuzzTarget named(String name) {
    return Arrays.stream(values())
        .filter(t -> t.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "there is no reader '"
                        + name
                        + "'; there are: "
                        + Arrays.stream(values())
                            .map(t -> t.name().toLowerCase(Locale.ROOT))
                            .collect(Collectors.joining(" "))));
  }

  /** Whether a file of that name is an input to begin with. */
  boolean takes(Path file) {
    return files.matcher(file.getFileName().toString()).matches();
  }

  @Override
  public void read(byte[] data, Path scratch) throws IOException {
    reader.read(data, scratch);
  }

  private static void safetensors(byte[] data, Path scratch) throws IOException {
    Path path = Files.write(scratch.resolve("model.safetensors"), data);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      for (String name : file.names()) {
        values(file.tensor(name));
      }
    }
  }

  private static void gguf(byte[] data, Path scratch) throws IOException {
    Path path = Files.write(scratch.resolve("model.gguf"), data);
    try (GgufFile file = GgufFile.open(path)) {
      for (String name : file.names()) {
        values(file.find(name).orElseThrow());
      }
    }
    try (Checkpoint checkpoint = Checkpoints.open(path)) {
      spoken(Tokenizers.open(checkpoint.tokenizer()));
      ChatTemplate.of(checkpoint.tokenizer()).ifPresent(t -> t.render(TALK, true));
      Architectures.spec(checkpoint);
    }
  }

  private static void values(StoredTensor tensor) {
    int n = (int) Math.min(MOST, tensor.shape().size());
    tensor.read(0, new float[n], 0, n);
  }

  private static void tokenizerJson(byte[] data, Path scratch) throws IOException {
    Path path = Files.write(scratch.resolve("tokenizer.json"), data);
    spoken(Tokenizers.fromJson(path));
  }

  private static void spoken(Tokenizer tokenizer) {
    tokenizer.decode(tokenizer.encode(TEXT));
  }

  private static void tokenizerConfig(byte[] data, Path scratch) throws IOException {
    Files.write(scratch.resolve("tokenizer_config.json"), data);
    Files.writeString(
        scratch.resolve("tokenizer.json"),
        """
        {"version":"1.0","added_tokens":[],"normalizer":null,"pre_tokenizer":null,
         "post_processor":null,"decoder":null,
         "model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"<s>":3},"merges":["a b"],"unk_token":"<s>"}}
        """);
    spoken(Tokenizers.fromFolder(scratch));
  }

  private static void sentencePiece(byte[] data, Path scratch) throws IOException {
    spoken(Tokenizers.fromSentencePiece(Files.write(scratch.resolve("tokenizer.model"), data)));
  }

  private static void config(byte[] data, Path scratch) throws IOException {
    Files.write(scratch.resolve("config.json"), data);
    Files.write(scratch.resolve("model.safetensors"), tensors("2", "model.norm.weight"));
    try (Checkpoint checkpoint = Checkpoints.open(scratch)) {
      Architectures.load(checkpoint);
    }
  }

  private static void template(byte[] data, Path scratch) {
    String source = new String(data, StandardCharsets.UTF_8);
    ChatTemplate.of(source, Map.of("bos_token", "<s>", "eos_token", "</s>"), "chat.jinja")
        .render(TALK, true);
  }

  private static void index(byte[] data, Path scratch) throws IOException {
    Files.writeString(scratch.resolve("config.json"), "{\"model_type\":\"llama\"}");
    Files.write(
        scratch.resolve("model-00001-of-00002.safetensors"), tensors("2", "model.norm.weight"));
    Files.write(
        scratch.resolve("model-00002-of-00002.safetensors"), tensors("2", "lm_head.weight"));
    Files.write(scratch.resolve("model.safetensors.index.json"), data);
    try (Checkpoint checkpoint = Checkpoints.open(scratch)) {
      for (String name : checkpoint.names()) {
        values(checkpoint.tensor(name));
      }
    }
  }

  private static void adapter(byte[] data, Path scratch) throws IOException {
    Files.write(scratch.resolve("adapter_config.json"), data);
    String module = "base_model.model.model.layers.0.self_attn.q_proj.lora_";
    Files.write(
        scratch.resolve("adapter_model.safetensors"),
        tensors("1,2", module + "A.weight", "2,1", module + "B.weight"));
    Adapters.open(scratch, Map.of("model_type", "llama"), module::contains);
  }

  /** A safetensors file of tensors of two floats each, by shapes and names in turn. */
  private static byte[] tensors(String... shapesAndNames) {
    StringBuilder header = new StringBuilder("{");
    int size = 0;
    for (int i = 0; i < shapesAndNames.length; i += 2) {
      header.append(i == 0 ? "\"" : ",\"").append(shapesAndNames[i + 1]);
      header.append("\":{\"dtype\":\"F32\",\"shape\":[").append(shapesAndNames[i]);
      header.append("],\"data_offsets\":[").append(size).append(',');
      size += 2 * Float.BYTES;
      header.append(size).append("]}");
    }
    byte[] text = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Long.BYTES + text.length + size)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(text.length)
        .put(text)
        .array();
  }
}
