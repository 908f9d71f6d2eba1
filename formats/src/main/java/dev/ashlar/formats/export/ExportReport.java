package dev.ashlar.formats.export;

/**
 * What a verified export holds.
 *
 * @param files weight files
 * @param tensors stored tensors, packed parts counted one by one
 * @param packed linear maps stored packed
 * @param tensorBytes bytes of all tensors
 */
public record ExportReport(int files, int tensors, int packed, long tensorBytes) {}
