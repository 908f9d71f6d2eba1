package dev.ashlar.text.tokenizer;

import dev.ashlar.text.tokenizer.decode.TokenDecoder;
import dev.ashlar.text.tokenizer.model.TokenModel;
import dev.ashlar.text.tokenizer.normalize.Normalizer;
import dev.ashlar.text.tokenizer.post.PostProcessor;
import dev.ashlar.text.tokenizer.split.PreTokenizer;
import java.util.List;

/** What a tokenizer is put together from. */
record TokenizerParts(
    List<AddedToken> added,
    Normalizer normalizer,
    PreTokenizer preTokenizer,
    TokenModel model,
    PostProcessor postProcessor,
    TokenDecoder decoder) {}
