package dev.ashlar.formats.gguf.family;

import java.util.List;

/**
 * Tensors of one model that are made of each other.
 *
 * @param gguf names in the GGUF file
 * @param huggingFace names in the Hugging Face folder
 * @param transform makes one of the other
 */
public record TensorMapping(List<String> gguf, List<String> huggingFace, Transform transform) {}
