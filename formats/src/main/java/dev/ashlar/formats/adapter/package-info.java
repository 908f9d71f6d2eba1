/**
 * Adapters in files: changes of low rank to a model's linear maps (LoRA; Hu et al., arXiv
 * 2106.09685), as PEFT writes them into a folder and llama.cpp into a GGUF file. {@code y = x·wᵀ +
 * scale·(x·downᵀ)·upᵀ}, with {@code down [rank, in]} and {@code up [out, rank]}.
 *
 * <pre>
 *   folder   adapter_config.json        r, lora_alpha, use_rslora, rank_pattern, alpha_pattern …
 *            adapter_model.safetensors  base_model.model.MODULE.lora_A.weight [rank, in]
 *                                       base_model.model.MODULE.lora_B.weight [out, rank]
 *   GGUF     general.type "adapter", adapter.type "lora", adapter.lora.alpha
 *            NAME.weight.lora_a [rank, in], NAME.weight.lora_b [out, rank]
 * </pre>
 *
 * <p>What an adapter says beyond that and would change results is refused by name, never left out.
 * Which modules a model has is not known here; whoever has the model matches them. Start at {@link
 * dev.ashlar.formats.adapter.Adapters}.
 */
package dev.ashlar.formats.adapter;
