package dev.ashlar.formats.tokenizer;

import dev.ashlar.formats.tokenizer.decode.Decoder;
import dev.ashlar.formats.tokenizer.model.Model;
import dev.ashlar.formats.tokenizer.normalize.Normalizer;
import dev.ashlar.formats.tokenizer.post.PostProcessor;
import dev.ashlar.formats.tokenizer.split.PreTokenizer;
import java.util.List;

/** What a tokenizer is put together from. */
record Parts(
    List<AddedToken> added,
    Normalizer normalizer,
    PreTokenizer preTokenizer,
    Model model,
    PostProcessor postProcessor,
    Decoder decoder) {}
