package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.cli.console.Console;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** What users of auto-round type. */
class HabitsTest {
  private final List<String> notes = new ArrayList<>();

  private String[] words(String line) {
    PrintStream nowhere =
        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    CommandLine parser = new Ashlar(new Console(nowhere, nowhere, false)).commandLine();
    return new CommandWords(parser, notes::add).of(line.split(" "));
  }

  private void same(String ours, String theirs) {
    notes.clear();
    assertArrayEquals(ours.split(" "), words(theirs));
  }

  private String refusal(String line) {
    return assertThrows(ParameterException.class, () -> words(line)).getMessage();
  }

  @Test
  void otherNamesAreOurs() {
    same(
        "quantize --model m --batch-size 4 --seqlen 64 --nsamples 8 --format fake --iters 5",
        "quantize --model_name m --bs 4 --seq_len 64 --nsample 8 --formats fake --iter 5");
    same("quantize --model m --batch-size 4", "quantize --model_name_or_path m --train_bs 4");
    same("quantize --model m --method signround", "quantize --model m --algorithm auto_round");
    same("quantize --model m --method=rtn", "quantize --model m --alg=RTN");
    same("quantize --model m --ignore-layers a,b", "quantize --model m --fp_layers a,b");
    same(
        "quantize --model m --disable-minmax-tuning",
        "quantize --model m --no-enable_minmax_tuning");
    same("eval --model m --tasks perplexity", "eval --model_name m --task perplexity");
    assertEquals(List.of(), notes);
  }

  @Test
  void aModelMayStandByItself() {
    same("quantize --model m --bits 4", "quantize m --bits 4");
    same("quantize --bits 4 --model m", "quantize --bits 4 m");
    same("eval --asdf --model m", "eval --asdf m");
    same("generate --prompt p --model m", "generate --prompt p m");
    same("inspect m --all", "inspect --model m --all");
    same("inspect m", "inspect m");
    // It quantizes if no command is named.
    same("quantize --model m --bits 4", "--model m --bits 4");
    same("quantize --model m", "--model_name m");
    // Not what is left over of a prompt.
    same("generate --model m --prompt hello world", "generate --model m --prompt hello world");
    same("generate --model m -- x", "generate --model m -- x");
    assertEquals(List.of(), notes);
  }

  @Test
  void theLastOfARepeatedOptionCounts() {
    same("quantize --model m --bits 8", "quantize --bits 4 --model m --bits=8".replace("=", " "));
    assertEquals(1, notes.size());
    assertTrue(notes.getFirst().startsWith("--bits is given more than once"), notes.getFirst());
    same("quantize --model m --batch-size=2", "quantize --bs 4 m --batch_size=2 --train-bs=2");
    same("quantize --no-eval", "quantize --eval --no-eval");
    same("quantize --format fake", "quantize --format auto_round --format fake");
    same("quantize --asym", "quantize --asym --asym");
    same("generate m --model x".replace("m --model", "--model"), "generate --model m --model x");
    // What may be repeated is kept.
    same("bench --filter a --filter b", "bench --filter a --filter b");
    assertEquals(List.of(), notes);
  }

  @Test
  void whatHasNoMeaningHereIsNoted() {
    String flags =
        " --low_gpu_mem_usage --device cpu --enable_torch_compile --disable_trust_remote_code"
            + " --device_map=auto --model_dtype bfloat16 --platform hf --disable_amp"
            + " --enable_quanted_input --data_type int";
    same("quantize --model m --bits 4", "quantize m" + flags + " --bits 4");
    assertEquals(8, notes.size(), notes.toString());
    same("quantize --model m --act-bits 16", "quantize m --act_bits 16");
    same("eval --model m", "eval m --device 0 --eval_bs 8 --seed 1 --mllm");
    assertEquals(4, notes.size(), notes.toString());
    same("quantize --model m --avg-bits 3", "quantize m --target_bits 3");
    same("eval --model m --num-fewshot 5", "eval m --num_fewshot 5");
    same("generate --model m", "generate m --device cpu --disable_trust_remote_code");
  }

  @Test
  void whatIsNotDoneIsRefusedWithTheReason() {
    assertTrue(refusal("quantize m --act_data_type fp8").contains("integers"));
    assertTrue(refusal("quantize m --enable_lfq").contains("variant"));
    assertTrue(refusal("quantize m --data_type mx_fp").contains("integer"));
    assertTrue(refusal("quantize m --tasks mmlu").contains("harness"));
    assertTrue(refusal("quantize m --quant_nontext_module").contains("language"));
    assertTrue(refusal("quantize m --platform model_scope").contains("hub only"));
    assertTrue(refusal("quantize m --super_bits 6").contains("scales"));
    assertTrue(refusal("eval m --eval_gen_kwargs x").contains("likeliest"));
    assertTrue(refusal("quantize m --device").contains("needs a value"));
  }

  @Test
  void refusalsAreOneSentenceOfWrongUsage() {
    CommandRun run = CommandRun.of("quantize", "m", "--format", "mlx", "--method", "rtn");
    assertEquals(2, run.status());
    assertTrue(run.err().contains("does not write"), run.err());
    run = CommandRun.of("quantize", "m", "--scheme", "MXINT4", "--method", "rtn");
    assertEquals(2, run.status());
    assertTrue(run.err().contains("not written here"), run.err());
    run = CommandRun.of("quantize", "m", "--options", "W4A16");
    assertEquals(2, run.status());
    assertTrue(run.err().contains("--avg-bits"), run.err());
    run = CommandRun.of("quantize", "m", "--avg-bits", "4", "--bits", "4");
    assertEquals(2, run.status());
    assertEquals(1, run.err().lines().count());
  }
}
