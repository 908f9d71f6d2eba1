/**
 * What runs on a device: static methods over TornadoVM's arrays, one loop with {@code @Parallel}
 * for each dimension that work items take, or a {@code KernelContext} where a group of them shares
 * memory. They are plain Java too: the tests run them so and hold them against {@code
 * tensor.kernel.reference}. This is no backend (kernels know neither tensors nor devices); {@code
 * dev.ashlar.tornado} joins them to task graphs. Start at {@link
 * dev.ashlar.tornado.kernel.DeviceProducts}.
 *
 * <p>The dialect is narrower than Java, and most of what it cannot do goes wrong without a word, on
 * the device only. Rules that every kernel here keeps:
 *
 * <ul>
 *   <li>No {@code >>>}: it is emitted as a signed shift. Write {@code (v >> s) & mask}.
 *   <li>An int from a mask becomes a float before anything is subtracted from it.
 *   <li>No {@code Math.rint}, {@code round} or {@code fma}; rounding half to even is written with
 *       {@code floor}, since adding and subtracting a large number is optimised away.
 *   <li>Scalars are baked into the compiled kernel: what changes from call to call (positions,
 *       learning rates, how many rows are in use) comes in an array.
 *   <li>No inner loop with a constant bound: it is unrolled whole.
 *   <li>Kernels and their parameters keep their names, so none may be called as OpenCL calls a type
 *       or a function: {@code half}, {@code rotate}.
 *   <li>At most twenty arguments; no exceptions, no objects, no heap arrays but local ones.
 * </ul>
 */
package dev.ashlar.tornado.kernel;
