/**
 * Files under the containers: reading at positions ({@link dev.ashlar.io.file.OpenFile}) or whole
 * within a bound ({@link dev.ashlar.io.file.WholeFile}), publishing files that are whole or absent
 * ({@link dev.ashlar.io.file.AtomicFile}) and holding a folder for one process ({@link
 * dev.ashlar.io.file.FolderLock}).
 *
 * <p>Not here: what the bytes mean. Start at {@link dev.ashlar.io.file.AtomicFile}.
 */
package dev.ashlar.io.file;
