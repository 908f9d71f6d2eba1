/**
 * Conversations as text: the chat templates that models bring with their tokenizers. A template is
 * found beside a checkpoint or inside it, parsed by {@code jinja}, and given the messages, tools
 * and special tokens under the names that transformers uses.
 *
 * <p>Not here: token ids, generation. Start at {@link dev.ashlar.text.chat.ChatTemplate}.
 */
package dev.ashlar.text.chat;
