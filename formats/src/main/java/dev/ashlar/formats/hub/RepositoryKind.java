package dev.ashlar.formats.hub;

/** The kinds of repositories, with their spellings in folders and addresses. */
enum RepositoryKind {
  MODEL("model", "models", ""),
  DATASET("data set", "datasets", "datasets/");

  /** For messages. */
  final String word;

  /** In the addresses of the interface for programs, and in front of a folder's name. */
  final String plural;

  /** In the addresses of files. */
  final String prefix;

  RepositoryKind(String word, String plural, String prefix) {
    this.word = word;
    this.plural = plural;
    this.prefix = prefix;
  }

  /** The name of a repository's folder in the cache: {@code models--ORG--NAME}. */
  String folder(String id) {
    return plural + "--" + id.replace("/", "--");
  }
}
