/**
 * Packed layouts: how integer codes, scales and zero points lie in the tensors of a checkpoint, and
 * how a checkpoint's configuration says which layout and scheme each linear map has.
 *
 * <p>Names are {@code module.part}; {@code b} = bits, {@code g} = inputs per group, {@code G} =
 * ceil(in / g). All words are little-endian.
 *
 * <table>
 * <caption>Tensors of one linear map {@code [out, in]}</caption>
 * <tr><th>layout</th><th>qweight I32</th><th>qzeros I32</th><th>zero field</th><th>scales</th>
 *     <th>g_idx</th></tr>
 * <tr><td>gptq</td><td>[in·b/32, out]</td><td>[G, out·b/32]</td><td>zp − 1</td><td>F16 [G, out]</td>
 *     <td>I32 [in]</td></tr>
 * <tr><td>gptq_v2</td><td>[in·b/32, out]</td><td>[G, out·b/32]</td><td>zp</td><td>F16 [G, out]</td>
 *     <td>I32 [in]</td></tr>
 * <tr><td>auto_round:auto_gptq</td><td>[in·b/32, out]</td><td>[G, out·b/32]</td><td>zp − 1</td>
 *     <td>F16 [G, out]</td><td>none</td></tr>
 * <tr><td>auto_round</td><td>[in·b/32, out]</td><td>[G, out·b/32]</td><td>zp</td>
 *     <td>F16 [G, out]</td><td>none</td></tr>
 * <tr><td>awq</td><td>[in, out/8]</td><td>[G, out/8]</td><td>zp</td><td>F16 [G, out]</td>
 *     <td>none</td></tr>
 * </table>
 *
 * <p>Where g_idx is "none" it is written only for columns in act-order. A zero point of 0 has no
 * spelling as zp − 1; {@link dev.ashlar.formats.layout.ZeroMirror} says what is done then.
 *
 * <p>Choosing codes is the tuning module's work; containers of tensors are {@code safetensors} and
 * {@code gguf}; writing whole folders is {@code export}. Start at {@link
 * dev.ashlar.formats.layout.PackedLayout}; {@link dev.ashlar.formats.layout.AwqLayout} is the
 * simplest. A new spelling is one class and one line of {@link
 * dev.ashlar.formats.layout.Layouts#ALL}; a new way of declaring it in {@code config.json} is one
 * class and one line of {@link dev.ashlar.formats.layout.Declarations#ALL}.
 */
package dev.ashlar.formats.layout;
