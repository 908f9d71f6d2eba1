/**
 * Training adapters of low rank (LoRA, arXiv 2106.09685; QLoRA, arXiv 2305.14314) beside a model's
 * frozen weights, float or packed. Reading and writing adapters is {@code formats}'; which maps a
 * model has is its specification's. Start at {@link dev.ashlar.tuning.lora.LoraTraining}.
 */
package dev.ashlar.tuning.lora;
