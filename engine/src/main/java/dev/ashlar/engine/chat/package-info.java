/**
 * A conversation with a model: {@link dev.ashlar.engine.chat.Conversation} keeps the messages and
 * asks the model.
 *
 * <p>Not here: the terminal, and how a template turns messages into text ({@code
 * dev.ashlar.text.chat}).
 */
package dev.ashlar.engine.chat;
