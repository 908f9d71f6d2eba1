/** Checkpoint containers, packed layouts and tokenizers: everything about bytes in files. */
module dev.ashlar.formats {
  requires transitive dev.ashlar.tensor;
  requires com.fasterxml.jackson.core;

  exports dev.ashlar.formats;
  exports dev.ashlar.formats.chat;
  exports dev.ashlar.formats.export;
  exports dev.ashlar.formats.file;
  exports dev.ashlar.formats.gguf;
  exports dev.ashlar.formats.json;
  exports dev.ashlar.formats.layout;
  exports dev.ashlar.formats.safetensors;
  exports dev.ashlar.formats.tokenizer;
}
