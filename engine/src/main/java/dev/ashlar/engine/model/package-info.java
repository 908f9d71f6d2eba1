/**
 * From what a user calls a model to an open checkpoint with its tokenizer and decoder. Start at
 * {@link dev.ashlar.engine.model.ModelPaths}.
 */
package dev.ashlar.engine.model;
