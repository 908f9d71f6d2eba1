package com.llama4j;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * A prompt and its continuation by llama3.java; see peer.py. Arguments: threads, model file.
 *
 * <p>In its package, because it exports nothing; its own loader is not called, since that expects
 * the vocabulary of Llama 3.
 */
public final class Llama3Peer {
  private static final int BATCH = Integer.getInteger("llama.BatchSize", 16);
  private static final int CONTEXT = 2048;

  private static Llama model;

  public static void main(String[] args) throws Exception {
    PrintStream answers = System.out;
    System.setOut(System.err);
    model = load(Path.of(args[1]));
    BufferedReader requests = new BufferedReader(new InputStreamReader(System.in));
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      try {
        answers.println("answer " + answer(line.strip().split(" ")));
      } catch (RuntimeException | Error e) {
        e.printStackTrace();
        answers.println("fault " + e);
      }
      answers.flush();
    }
  }

  private static Llama load(Path file) throws Exception {
    try (FileChannel channel = FileChannel.open(file)) {
      GGUF gguf = GGUF.loadModel(channel, file.toString());
      Map<String, Object> facts = gguf.getMetadata();
      Llama.Configuration configuration =
          new Llama.Configuration(
                  (int) facts.get("llama.embedding_length"),
                  (int) facts.get("llama.feed_forward_length"),
                  (int) facts.get("llama.block_count"),
                  (int) facts.get("llama.attention.head_count"),
                  (int) facts.get("llama.attention.head_count_kv"),
                  ((String[]) facts.get("tokenizer.ggml.tokens")).length,
                  (int) facts.get("llama.context_length"),
                  (float) facts.get("llama.attention.layer_norm_rms_epsilon"),
                  (float) facts.get("llama.rope.freq_base"))
              .withContextLength(CONTEXT);
      Map<String, GGMLTensorEntry> tensors =
          GGUF.loadTensors(channel, gguf.getTensorDataOffset(), gguf.getTensorInfos());
      return new Llama(configuration, null, ModelLoader.loadWeights(tensors, configuration));
    }
  }

  /** The number of tokens to continue by, then the prompt's ids: both speeds, then the ids. */
  private static String answer(String[] words) {
    if (words.length < 2) {
      return "llama3.java, prompts in batches of " + BATCH;
    }
    int tokens = Integer.parseInt(words[1]);
    int[] prompt = new int[words.length - 2];
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = Integer.parseInt(words[i + 2]);
    }
    Llama.State state = new Llama.State(model.configuration(), BATCH);
    long start = System.nanoTime();
    for (int at = 0; at < prompt.length; at += BATCH) {
      int[] batch = Arrays.copyOfRange(prompt, at, Math.min(prompt.length, at + BATCH));
      Llama.forward(model, state, batch, at, at + BATCH >= prompt.length);
    }
    long read = System.nanoTime();
    StringBuilder ids = new StringBuilder("[");
    for (int i = 0; i < tokens; i++) {
      int token = Sampler.ARGMAX.sampleToken(state.logits);
      ids.append(i == 0 ? "" : ", ").append(token);
      Llama.forward(model, state, new int[] {token}, prompt.length + i, true);
    }
    long end = System.nanoTime();
    double prefill = prompt.length / ((read - start) * 1e-9);
    double decode = tokens / ((end - read) * 1e-9);
    return prefill + " " + decode + " " + ids + "]";
  }
}
