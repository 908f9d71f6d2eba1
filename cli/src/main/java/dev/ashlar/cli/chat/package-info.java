/**
 * The terminal's side of a conversation: {@link dev.ashlar.cli.chat.ChatSession} reads lines, shows
 * answers as they come and obeys commands.
 */
package dev.ashlar.cli.chat;
