/**
 * A conversation with a model: {@link dev.ashlar.cli.chat.Conversation} keeps the messages and asks
 * the model, {@link dev.ashlar.cli.chat.ChatSession} is the terminal's side of it.
 */
package dev.ashlar.cli.chat;
