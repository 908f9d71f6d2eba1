/**
 * The library that programs embed: models, generation, chat, quantizing, evaluation, exports. Start
 * at {@link dev.ashlar.engine.LanguageModel}.
 */
@SuppressWarnings("module") // the command line is compiled later
module dev.ashlar.engine {
  requires transitive dev.ashlar.formats;
  requires transitive dev.ashlar.tuning;

  exports dev.ashlar.engine;
  exports dev.ashlar.engine.chat;
  exports dev.ashlar.engine.evaluate;
  exports dev.ashlar.engine.inspect;
  exports dev.ashlar.engine.job;

  // What only the command line needs.
  exports dev.ashlar.engine.data to
      dev.ashlar.cli;
  exports dev.ashlar.engine.demo to
      dev.ashlar.cli;
  exports dev.ashlar.engine.device to
      dev.ashlar.cli;
  exports dev.ashlar.engine.harness to
      dev.ashlar.cli;
  exports dev.ashlar.engine.model to
      dev.ashlar.cli;
  exports dev.ashlar.engine.quantize to
      dev.ashlar.cli;
}
