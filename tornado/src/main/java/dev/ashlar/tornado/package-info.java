/**
 * The way to devices through TornadoVM: providers that are found through {@code ServiceLoader} and
 * look whether this JVM was started with TornadoVM. Only this module may name its API. A decoder on
 * a device is in {@code runner}, what runs there in {@code kernel}. Start at {@link
 * dev.ashlar.tornado.TornadoDevices}.
 */
package dev.ashlar.tornado;
