package dev.ashlar.text.tokenizer.folder;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Transformers' tokenizer classes that language models use. All but {@link #GENERIC} and {@link
 * #OTHER} build their pipeline themselves, of a vocabulary alone.
 */
enum TokenizerClass {
  /** Takes the pipeline as {@code tokenizer.json} has it. */
  GENERIC("BPE", List.of("TokenizersBackend", "PreTrainedTokenizerFast", "BloomTokenizer")),

  /** A class that is known by name only: its {@code tokenizer.json} is taken as it is. */
  OTHER("", List.of()),

  LLAMA("BPE", List.of("LlamaTokenizer"), "unk_token=<unk>", "bos_token=<s>", "eos_token=</s>"),
  CODE_LLAMA(
      "BPE",
      List.of("CodeLlamaTokenizer"),
      "unk_token=<unk>",
      "bos_token=<s>",
      "eos_token=</s>",
      "prefix_token=▁<PRE>",
      "middle_token=▁<MID>",
      "suffix_token=▁<SUF>",
      "eot_token=▁<EOT>",
      "fill_token=<FILL_ME>"),
  GEMMA(
      "BPE",
      List.of("GemmaTokenizer"),
      "unk_token=<unk>",
      "bos_token=<bos>",
      "eos_token=<eos>",
      "pad_token=<pad>",
      "mask_token=<mask>"),
  QWEN2(
      "BPE",
      List.of("Qwen2Tokenizer"),
      "unk_token=<|endoftext|>",
      "eos_token=<|endoftext|>",
      "pad_token=<|endoftext|>"),
  QWEN35(
      "BPE",
      List.of("Qwen3_5Tokenizer"),
      "unk_token=<|endoftext|>",
      "eos_token=<|endoftext|>",
      "pad_token=<|endoftext|>"),
  GPT2(
      "BPE",
      List.of("GPT2Tokenizer"),
      "unk_token=<|endoftext|>",
      "bos_token=<|endoftext|>",
      "eos_token=<|endoftext|>"),
  CODEGEN(
      "BPE",
      List.of("CodeGenTokenizer"),
      "unk_token=<|endoftext|>",
      "bos_token=<|endoftext|>",
      "eos_token=<|endoftext|>"),
  GPT_NEOX(
      "BPE",
      List.of("GPTNeoXTokenizer"),
      "unk_token=<|endoftext|>",
      "bos_token=<|endoftext|>",
      "eos_token=<|endoftext|>",
      "pad_token=<|padding|>"),
  COHERE(
      "BPE",
      List.of("CohereTokenizer"),
      "unk_token=<UNK>",
      "bos_token=<BOS_TOKEN>",
      "eos_token=<|END_OF_TURN_TOKEN|>",
      "pad_token=<PAD>",
      "cls_token=<CLS>",
      "sep_token=<SEP>",
      "mask_token=<MASK_TOKEN>"),
  ROBERTA(
      "BPE",
      List.of("RobertaTokenizer", "BartTokenizer"),
      "bos_token=<s>",
      "eos_token=</s>",
      "sep_token=</s>",
      "cls_token=<s>",
      "unk_token=<unk>",
      "pad_token=<pad>",
      "mask_token=<mask>"),
  BERT(
      "WordPiece",
      List.of(
          "BertTokenizer", "DistilBertTokenizer", "SqueezeBertTokenizer", "MobileBertTokenizer"),
      "unk_token=[UNK]",
      "sep_token=[SEP]",
      "pad_token=[PAD]",
      "cls_token=[CLS]",
      "mask_token=[MASK]"),
  T5("Unigram", List.of("T5Tokenizer"), "eos_token=</s>", "unk_token=<unk>", "pad_token=<pad>"),
  XLM_ROBERTA(
      "Unigram",
      List.of("XLMRobertaTokenizer"),
      "bos_token=<s>",
      "eos_token=</s>",
      "sep_token=</s>",
      "cls_token=<s>",
      "unk_token=<unk>",
      "pad_token=<pad>",
      "mask_token=<mask>"),
  ALBERT(
      "Unigram",
      List.of("AlbertTokenizer"),
      "bos_token=[CLS]",
      "eos_token=[SEP]",
      "unk_token=<unk>",
      "sep_token=[SEP]",
      "pad_token=<pad>",
      "cls_token=[CLS]",
      "mask_token=[MASK]");

  /** Classes over sentencepiece models that are no language models' and have rules of their own. */
  private static final Set<String> FOREIGN =
      Set.of(
          "BarthezTokenizer",
          "BertGenerationTokenizer",
          "BigBirdTokenizer",
          "CamembertTokenizer",
          "CpmTokenizer",
          "DebertaV2Tokenizer",
          "FNetTokenizer",
          "GPTSw3Tokenizer",
          "LayoutXLMTokenizer",
          "M2M100Tokenizer",
          "MBart50Tokenizer",
          "MBartTokenizer",
          "MLukeTokenizer",
          "MarianTokenizer",
          "NllbTokenizer",
          "PLBartTokenizer",
          "PegasusTokenizer",
          "ReformerTokenizer",
          "RemBertTokenizer",
          "SeamlessM4TTokenizer",
          "SiglipTokenizer",
          "Speech2TextTokenizer",
          "SpeechT5Tokenizer",
          "UdopTokenizer",
          "XGLMTokenizer",
          "XLNetTokenizer");

  private final String model;
  private final List<String> names;
  private final Map<String, String> tokens = new LinkedHashMap<>();

  TokenizerClass(String model, List<String> names, String... tokens) {
    this.model = model;
    this.names = names;
    for (String token : tokens) {
      int split = token.indexOf('=');
      this.tokens.put(token.substring(0, split), token.substring(split + 1));
    }
  }

  /** A name without the Fast that it may end in. */
  static String plain(String name) {
    return name.endsWith("Fast") ? name.substring(0, name.length() - 4) : name;
  }

  /** The class of this name, which may end in Fast. */
  static Optional<TokenizerClass> named(String name) {
    String plain = plain(name);
    return Arrays.stream(values())
        .filter(c -> c.names.contains(name) || c.names.contains(plain))
        .findFirst();
  }

  /** Whether a class reads sentencepiece models in a way that is not known here. */
  static boolean isForeign(String name) {
    return FOREIGN.contains(plain(name));
  }

  /** The type of model that it builds. */
  String model() {
    return model;
  }

  /** Its tokens where no file names others. */
  Map<String, String> tokens() {
    return tokens;
  }

  /** Whether it builds a pipeline of its own, whatever a {@code tokenizer.json} says. */
  boolean builds() {
    return this != GENERIC && this != OTHER;
  }
}
