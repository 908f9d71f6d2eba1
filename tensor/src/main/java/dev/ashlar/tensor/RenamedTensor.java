package dev.ashlar.tensor;

import dev.ashlar.tensor.quant.AffineGroups;
import java.util.Optional;

/** A stored tensor under another name; see {@link StoredTensor#renamed}. */
record RenamedTensor(String name, StoredTensor stored) implements StoredTensor {
  @Override
  public void read(long from, float[] target, int offset, int count) {
    stored.read(from, target, offset, count);
  }

  @Override
  public void readBytes(long from, byte[] target, int offset, int count) {
    stored.readBytes(from, target, offset, count);
  }

  @Override
  public Optional<AffineGroups> affineGroups() {
    return stored.affineGroups();
  }

  @Override
  public Shape shape() {
    return stored.shape();
  }

  @Override
  public DType dtype() {
    return stored.dtype();
  }

  @Override
  public String storage() {
    return stored.storage();
  }

  @Override
  public long byteSize() {
    return stored.byteSize();
  }
}
