/** The library that programs embed: models, generation, chat, quantizing, evaluation, exports. */
module dev.ashlar.engine {
  requires transitive dev.ashlar.formats;
  requires transitive dev.ashlar.tuning;

  exports dev.ashlar.engine.chat;
  exports dev.ashlar.engine.data;
  exports dev.ashlar.engine.demo;
  exports dev.ashlar.engine.job;
  exports dev.ashlar.engine.model;
  exports dev.ashlar.engine.quantize;
}
