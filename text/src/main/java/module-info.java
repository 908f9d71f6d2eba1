/** From text to token ids and back, and from conversations to text. */
@SuppressWarnings("module") // formats is compiled later
module dev.ashlar.text {
  requires transitive dev.ashlar.io;

  exports dev.ashlar.text;
  exports dev.ashlar.text.chat;
  exports dev.ashlar.text.tokenizer;
  exports dev.ashlar.text.tokenizer.folder to
      dev.ashlar.formats;
  exports dev.ashlar.text.tokenizer.split to
      dev.ashlar.formats;
}
