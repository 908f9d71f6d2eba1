package dev.ashlar.tensor.weights;

/** A stored tensor under another name; see {@link StoredTensor#renamed}. */
record RenamedTensor(String name, StoredTensor stored) implements StoredTensorView {}
