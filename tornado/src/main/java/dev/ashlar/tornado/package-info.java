/**
 * The way to GPUs through TornadoVM: a provider that is found through {@code ServiceLoader} and
 * looks whether this JVM was started with TornadoVM. Only this module may name its API. Start at
 * {@link dev.ashlar.tornado.TornadoProvider}.
 */
package dev.ashlar.tornado;
