/**
 * Ashlar and its peers side by side: each piece of work is done by both in turn, in the same
 * minutes, and what is printed are medians and the median of the ratios. Peers come from the public
 * registries into a folder that can be thrown away; nothing of theirs is in this repository, only
 * the small scripts that drive them. Start at {@link dev.ashlar.bench.peers.Compare}.
 */
package dev.ashlar.bench.peers;
