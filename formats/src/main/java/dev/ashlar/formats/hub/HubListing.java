package dev.ashlar.formats.hub;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The files of one revision of a repository.
 *
 * @param commit what the revision means now
 */
record HubListing(String commit, List<HubFile> files) {
  private static final long LONGEST = 64L << 20;
  private static final int MOST_FILES = 100_000;
  private static final long LARGEST = 1L << 50;

  /** A file whose size or etag the list does not say. */
  private static final HubFile UNKNOWN = new HubFile("", -1, "");

  /**
   * What the hub says of a revision.
   *
   * @throws InputException if there is no such thing, or the answer makes no sense
   */
  static HubListing of(HubClient client, RepositoryKind kind, HubReference reference) {
    HubFaults faults = new HubFaults(client.settings(), kind, reference);
    URI uri = client.listingAddress(kind, reference);
    Map<String, Object> answer = Json.parseObject(client.get(uri, faults, LONGEST), uri.toString());
    if (!(answer.get("sha") instanceof String commit) || !HubReference.isCommit(commit)) {
      throw faults.nonsense("names no commit");
    }
    if (!(answer.get("siblings") instanceof List<?> siblings) || siblings.size() > MOST_FILES) {
      throw faults.nonsense("is no list of files");
    }
    List<HubFile> files = new ArrayList<>();
    for (Object sibling : siblings) {
      if (!(sibling instanceof Map<?, ?> map) || !(map.get("rfilename") instanceof String path)) {
        throw faults.nonsense("is no list of files");
      }
      HubFile said = said(map);
      HubFile.requireInside(path, reference.toString());
      files.add(new HubFile(path, said.size(), said.etag()));
    }
    return new HubListing(commit, List.copyOf(files));
  }

  private static HubFile said(Map<?, ?> sibling) {
    if (sibling.get("lfs") instanceof Map<?, ?> large) {
      return file(large.get("size"), large.get("sha256"));
    }
    return file(sibling.get("size"), sibling.get("blobId"));
  }

  private static HubFile file(Object size, Object etag) {
    return size instanceof Long bytes
            && bytes >= 0
            && bytes <= LARGEST
            && etag instanceof String hash
            && HubFile.isEtag(hash)
        ? new HubFile("", bytes, hash)
        : UNKNOWN;
  }

  /**
   * The same file with size and etag, asked for where the list does not say them.
   *
   * @throws InputException if the hub does not say them either
   */
  HubFile known(HubFile file, HubClient client, RepositoryKind kind, HubReference reference) {
    if (file.size() >= 0) {
      return file;
    }
    HubFaults faults = new HubFaults(client.settings(), kind, reference);
    URI uri = client.fileAddress(kind, reference.id(), commit, file.path());
    HttpResponse<byte[]> answer = client.head(uri, faults);
    HttpHeaders headers = answer.headers();
    boolean elsewhere = HubClient.isRedirection(answer.statusCode());
    Optional<String> length =
        headers
            .firstValue("X-Linked-Size")
            .or(() -> elsewhere ? Optional.empty() : headers.firstValue("Content-Length"));
    String etag =
        headers
            .firstValue("X-Linked-Etag")
            .or(() -> headers.firstValue("ETag"))
            .orElse("")
            .replaceFirst("^W/", "")
            .replace("\"", "");
    String size = length.orElse("");
    if (!size.matches("\\d{1,15}") || !HubFile.isEtag(etag)) {
      throw faults.fault(file, "has no size or no checksum that the hub says", "check HF_ENDPOINT");
    }
    return new HubFile(file.path(), Long.parseLong(size), etag);
  }
}
