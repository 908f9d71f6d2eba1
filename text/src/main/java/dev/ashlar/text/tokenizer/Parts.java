package dev.ashlar.text.tokenizer;

import dev.ashlar.text.tokenizer.decode.Decoder;
import dev.ashlar.text.tokenizer.model.Model;
import dev.ashlar.text.tokenizer.normalize.Normalizer;
import dev.ashlar.text.tokenizer.post.PostProcessor;
import dev.ashlar.text.tokenizer.split.PreTokenizer;
import java.util.List;

/** What a tokenizer is put together from. */
record Parts(
    List<AddedToken> added,
    Normalizer normalizer,
    PreTokenizer preTokenizer,
    Model model,
    PostProcessor postProcessor,
    Decoder decoder) {}
