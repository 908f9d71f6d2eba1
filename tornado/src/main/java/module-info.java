/** The GPU backend. */
module dev.ashlar.tornado {
  requires dev.ashlar.tensor;
}
