/**
 * What generation needs of a model, whoever computes it: {@link dev.ashlar.nn.runner.Runner}. The
 * batches of a server, a cache of common prefixes and speculative decoding are made of it; models
 * and devices implement it.
 */
package dev.ashlar.nn.runner;
