/** Checkpoint containers, packed layouts and tokenizers: everything about bytes in files. */
module dev.ashlar.formats {
  requires transitive dev.ashlar.tensor;
  requires com.fasterxml.jackson.databind;
}
