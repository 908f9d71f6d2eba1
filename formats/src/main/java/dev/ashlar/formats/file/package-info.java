/**
 * Files under the containers: reading by copying out of a mapping ({@link
 * dev.ashlar.formats.file.MappedFile}), widening stored elements to float ({@link
 * dev.ashlar.formats.file.Elements}) and publishing files that are whole or absent ({@link
 * dev.ashlar.formats.file.AtomicFile}). This package is not exported.
 */
package dev.ashlar.formats.file;
