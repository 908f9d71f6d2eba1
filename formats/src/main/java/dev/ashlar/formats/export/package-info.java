/**
 * Export formats: whole model folders of quantized weights as other tools expect them, with their
 * configuration, tokenizer and all.
 *
 * <table>
 * <caption>What is written</caption>
 * <tr><th>format</th><th>schemes</th><th>tensors ({@code layout})</th><th>float tensors</th>
 *     <th>configuration</th></tr>
 * <tr><td rowspan="3">auto_round</td><td>all symmetric</td><td>auto_round:auto_gptq</td>
 *     <td rowspan="3">source type</td>
 *     <td rowspan="3">config.json, quantization_config.json</td></tr>
 * <tr><td>all alike, asymmetric, 4 bits</td><td>awq, as auto_round:auto_awq</td></tr>
 * <tr><td>other</td><td>auto_round</td></tr>
 * <tr><td>auto_gptq</td><td>any of 2, 3, 4, 8 bits</td><td>gptq</td><td>F16</td>
 *     <td>config.json, quantize_config.json</td></tr>
 * <tr><td>gptq_v2</td><td>the same</td><td>gptq_v2</td><td>F16</td>
 *     <td>config.json, quantize_config.json</td></tr>
 * <tr><td>auto_awq</td><td>all alike, 4 bits</td><td>awq</td><td>F16</td><td>config.json</td></tr>
 * <tr><td>llm_compressor</td><td>2 to 8 bits, small floats</td>
 *     <td>pack-quantized, int-quantized, mxfp4-pack-quantized…, by layer</td>
 *     <td>source type</td>
 *     <td>config.json, quantization_config.json</td></tr>
 * <tr><td>fp8</td><td>FP8 in tiles</td><td>fp8</td><td>source type</td><td>config.json</td></tr>
 * <tr><td>auto_round</td><td>small floats, one kind</td>
 *     <td>weight, weight_packed, weight_scale…</td><td>source type</td>
 *     <td>config.json, quantization_config.json</td></tr>
 * <tr><td>ashlar</td><td>2, 3, 4, 8 bits, outliers, float minimums</td><td>ashlar</td>
 *     <td>source type</td><td>config.json</td></tr>
 * <tr><td>gguf</td><td>any with inputs as they are</td><td>one file NAME-TYPE.gguf</td>
 *     <td>F16 or as they were; norms and biases F32</td><td>in the file</td></tr>
 * <tr><td>fake</td><td>any with inputs as they are</td><td>name.weight, dequantized</td><td>F32</td>
 *     <td>config.json</td></tr>
 * </table>
 *
 * <p>From GGUF sources, which mix types, all float tensors get the type that suits the whole file
 * (F16 for block-quantized ones). {@code config.json} is written last and removed first when a
 * folder is overwritten, so that a folder with one is complete.
 *
 * <p>Bytes of single layers are {@code layout}'s work. Start at {@link
 * dev.ashlar.formats.export.ExportFormat}; a new format is one class and one line of {@link
 * dev.ashlar.formats.export.ExportFormats#ALL}. {@link dev.ashlar.formats.export.ExportCheck}
 * verifies what was written.
 */
package dev.ashlar.formats.export;
