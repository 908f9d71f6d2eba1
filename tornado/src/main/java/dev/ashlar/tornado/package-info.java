/**
 * The way to GPUs through TornadoVM: a provider that is found through {@code ServiceLoader} and
 * looks whether this JVM was started with TornadoVM. Only this module may name its API. A decoder
 * on a device is in {@code runner}, what runs there in {@code kernel}. Start at {@link
 * dev.ashlar.tornado.runner.DeviceRunner}.
 */
package dev.ashlar.tornado;
