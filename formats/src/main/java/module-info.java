/** Checkpoint containers, packed layouts and exports: everything about weights in files. */
module dev.ashlar.formats {
  requires java.net.http;
  requires transitive dev.ashlar.io;
  requires transitive dev.ashlar.tensor;
  requires transitive dev.ashlar.text;

  exports dev.ashlar.formats;
  exports dev.ashlar.formats.adapter;
  exports dev.ashlar.formats.checkpoint;
  exports dev.ashlar.formats.export;
  exports dev.ashlar.formats.gguf;
  exports dev.ashlar.formats.gguf.encode;
  exports dev.ashlar.formats.hub;
  exports dev.ashlar.formats.layout;
  exports dev.ashlar.formats.safetensors;
}
