/**
 * The families of models that GGUF files hold, as tables: what each calls its sizes and tensors,
 * and what was done to a tensor on its way from a Hugging Face folder. A table says both
 * directions; readers and writers ask it and know no family themselves.
 */
package dev.ashlar.formats.gguf.family;
