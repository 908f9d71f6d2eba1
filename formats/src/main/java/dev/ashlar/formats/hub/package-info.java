/**
 * Models by the names of the Hugging Face hub: found in the local cache of its tools ({@link
 * dev.ashlar.formats.hub.HubCache}) or downloaded into it ({@link dev.ashlar.formats.hub.Hub}), so
 * that those tools and Ashlar use each other's files.
 *
 * <p>A download is a queue of ranges ({@code Fetch}) whose bytes go to part files ({@code
 * PartFile}); what is whole and has the right checksum becomes a blob, and when all blobs are
 * there, a snapshot ({@code Snapshot}). Not here: what the files hold, and showing progress. Start
 * at {@link dev.ashlar.formats.hub.Hub}.
 */
package dev.ashlar.formats.hub;
