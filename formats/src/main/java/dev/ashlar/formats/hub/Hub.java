package dev.ashlar.formats.hub;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Models of a Hugging Face hub: from the local cache where they are there, else downloaded into it.
 *
 * <p>Files are fetched in ranges, several at a time, checked against the hub's checksums and
 * published whole; a download that was cut off goes on where it was. What this writes, Hugging
 * Face's Python library reads, and the other way round.
 *
 * <p>Source of the layout and the addresses: huggingface_hub's documentation, "Understand caching",
 * and its behaviour.
 */
public final class Hub {
  /** Connections at a time: as many as a browser has to one host. */
  private static final int CONNECTIONS = 6;

  private static final long RANGE = 16 << 20;

  /** Room that is left free. */
  private static final long SPARE = 32 << 20;

  private final HubSettings settings;
  private final HubCache cache;
  private final Patience patience;
  private final long range;

  /** The hub and the cache that {@code settings} say. */
  public Hub(HubSettings settings) {
    this(settings, Patience.USUAL, RANGE);
  }

  /** The same with other pauses and ranges, for tests. */
  Hub(HubSettings settings, Patience patience, long range) {
    this.settings = settings;
    this.cache = new HubCache(settings.cache());
    this.patience = patience;
    this.range = range;
  }

  /** The cache that models are downloaded into. */
  public HubCache cache() {
    return cache;
  }

  /** Where models are downloaded from, and as whom. */
  public HubSettings settings() {
    return settings;
  }

  /**
   * What is to be opened for a model if it is in the cache: a folder, or a GGUF file. Nothing is
   * asked of the hub.
   *
   * @throws InputException if several GGUF files may be meant
   */
  public Optional<Path> cached(HubReference reference) {
    return snapshot(reference).flatMap(s -> s.model(reference));
  }

  private Optional<Snapshot> snapshot(HubReference reference) {
    return cache
        .find(RepositoryKind.MODEL, reference.id(), reference.revision())
        .map(Snapshot::new);
  }

  /**
   * What is to be opened for a model: from the cache, as it was when it was downloaded, or
   * downloaded where it is not there or not all of it.
   *
   * @throws InputException if it cannot be had
   */
  public Path model(HubReference reference, HubListener listener) {
    Optional<Snapshot> snapshot = snapshot(reference);
    Optional<Path> found = snapshot.flatMap(s -> s.model(reference));
    if (settings.offline()) {
      // Of what is there in part, whoever opens it can say best what is missing.
      boolean folder = snapshot.isPresent() && reference.selected().isEmpty();
      return found
          .or(() -> folder ? snapshot.map(Snapshot::folder) : Optional.empty())
          .orElseThrow(() -> offline(reference));
    }
    boolean bare =
        found.isPresent() && Files.isDirectory(found.get()) && !snapshot.get().hasTokenizer();
    if (found.isPresent() && !bare) {
      return found.get();
    }
    try {
      return pull(reference, listener).path();
    } catch (InputException e) {
      if (found.isEmpty()) {
        throw e;
      }
      listener.note(e.getMessage() + "; what is in the cache, without a tokenizer, is taken");
      return found.get();
    }
  }

  private static InputException offline(HubReference reference) {
    return InputException.in(reference.toString())
        .problem("is not in the cache, and HF_HUB_OFFLINE says not to ask the hub")
        .hint("unset it, or give a model that is there")
        .exception();
  }

  /**
   * Downloads what the cache has not of a model, at what its revision means now.
   *
   * @throws InputException if it cannot be had
   */
  public Pulled pull(HubReference reference, HubListener listener) {
    if (settings.offline()) {
      throw offline(reference);
    }
    RepositoryKind kind = RepositoryKind.MODEL;
    try (HubClient client = new HubClient(settings, patience, listener)) {
      HubListing listing = HubListing.of(client, kind, reference);
      boolean gguf = !reference.selected().isEmpty();
      List<HubFile> chosen =
          gguf ? FileChoice.requireGguf(listing, reference) : FileChoice.model(listing, reference);
      return locked(
          kind.folder(reference.id()),
          listener,
          () -> new Pull(client, kind, reference, listing).run(chosen));
    }
  }

  /**
   * Removes a model, one revision of it or one GGUF file from the cache.
   *
   * @return bytes that became free
   * @throws InputException if it is not there or cannot be removed
   */
  public long remove(HubReference reference, HubListener listener) {
    Path repository = cache.repository(RepositoryKind.MODEL, reference.id());
    if (!Files.isDirectory(repository)) {
      return new Removal(reference, repository).run();
    }
    String name = RepositoryKind.MODEL.folder(reference.id());
    return locked(name, listener, () -> new Removal(reference, repository).run());
  }

  private <T> T locked(String repository, HubListener listener, Supplier<T> work) {
    RepositoryLock lock = RepositoryLock.take(cache, repository, listener);
    try {
      return work.get();
    } finally {
      lock.close();
    }
  }

  /** One download, while the repository's lock is held. */
  private final class Pull {
    private final HubClient client;
    private final RepositoryKind kind;
    private final HubReference reference;
    private final HubListing listing;
    private final HubFaults faults;
    private final Path repository;
    private final Path blobs;
    private final Snapshot snapshot;
    private final Set<String> fresh = new HashSet<>();
    private long fetchedBytes;

    Pull(HubClient client, RepositoryKind kind, HubReference reference, HubListing listing) {
      this.client = client;
      this.kind = kind;
      this.reference = reference;
      this.listing = listing;
      this.faults = new HubFaults(settings, kind, reference);
      this.repository = cache.repository(kind, reference.id());
      this.blobs = repository.resolve("blobs");
      this.snapshot = new Snapshot(repository.resolve("snapshots").resolve(listing.commit()));
    }

    Pulled run(List<HubFile> chosen) {
      try {
        Files.createDirectories(blobs);
      } catch (IOException e) {
        throw AtomicFile.cannotWrite(blobs, e);
      }
      List<HubFile> files = fetched(chosen);
      for (HubFile file : List.copyOf(files)) {
        if (file.path().equals(FileChoice.INDEX) && !has(files, FileChoice.SINGLE)) {
          files.addAll(fetched(shards(content(file))));
        }
      }
      snapshot.publish(files, blobs, fresh, settings.links());
      refer();
      return snapshot
          .model(reference)
          .map(path -> new Pulled(path, listing.commit(), fetchedBytes))
          .orElseThrow(
              () ->
                  faults.fault(
                      "was downloaded, and lacks what a model needs (config.json, weights)",
                      "look at " + snapshot.folder()));
    }

    private static boolean has(List<HubFile> files, String path) {
      return files.stream().anyMatch(f -> f.path().equals(path));
    }

    /** Where a file's content lies. */
    private Path content(HubFile file) {
      Path blob = blobs.resolve(file.etag());
      return Files.exists(blob) ? blob : snapshot.folder().resolve(file.path());
    }

    private List<HubFile> shards(Path index) {
      List<HubFile> shards = new ArrayList<>();
      for (String name : Snapshot.shards(index)) {
        shards.add(
            listing.files().stream()
                .filter(f -> f.path().equals(name))
                .findFirst()
                .orElseThrow(
                    () ->
                        faults.fault(
                            "has no file " + name + ", which its index names",
                            "look for another revision")));
      }
      return shards;
    }

    /** Makes sure that the content of all of these files is there. */
    private List<HubFile> fetched(List<HubFile> chosen) {
      List<HubFile> files = new ArrayList<>();
      Map<String, HubFile> missing = new LinkedHashMap<>();
      for (HubFile file : chosen) {
        HubFile known = listing.known(file, client, kind, reference);
        files.add(known);
        if (!isThere(known)) {
          missing.put(known.etag(), known);
        }
      }
      if (!missing.isEmpty()) {
        requireRoom(missing.values());
        fetch(List.copyOf(missing.values()));
        fresh.addAll(missing.keySet());
      }
      return files;
    }

    private boolean isThere(HubFile file) {
      Path blob = blobs.resolve(file.etag());
      try {
        return Files.isRegularFile(blob)
            ? Files.size(blob) == file.size()
            : Snapshot.isThere(snapshot.folder().resolve(file.path()), blob, file);
      } catch (IOException e) {
        return false;
      }
    }

    private void requireRoom(Iterable<HubFile> files) {
      long needed = 0;
      for (HubFile file : files) {
        needed += file.size() - PartFile.left(blobs.resolve(file.etag()), file, range);
        if (needed < 0) {
          needed = Long.MAX_VALUE - SPARE; // more than numbers can say
          break;
        }
      }
      long free;
      try {
        free = Files.getFileStore(blobs).getUsableSpace();
      } catch (IOException e) {
        return; // A system that does not say will say when it is full.
      }
      if (needed + SPARE > free) {
        throw faults.fault(
            String.format(
                Locale.ROOT,
                "needs %.2f GB more, and %.2f GB are free where the cache is (%s)",
                needed / 1e9,
                free / 1e9,
                settings.cache()),
            "free some room, or set HF_HUB_CACHE to a folder elsewhere");
      }
    }

    private void fetch(List<HubFile> missing) {
      if (fresh.isEmpty()) {
        client.listener().note("downloading " + reference + " from " + settings.endpoint());
      }
      long bytes = missing.stream().mapToLong(HubFile::size).sum();
      List<Download> downloads = new ArrayList<>();
      try (HubListener.Progress progress = client.listener().begin(reference.toString(), bytes);
          Fetch fetch = new Fetch(client, faults, progress, CONNECTIONS)) {
        for (HubFile file : missing) {
          Path blob = blobs.resolve(file.etag());
          try {
            downloads.add(
                new Download(
                    file,
                    blob,
                    PartFile.open(blob, file, range),
                    client.fileAddress(kind, reference.id(), listing.commit(), file.path())));
          } catch (IOException e) {
            throw AtomicFile.cannotWrite(blob, e);
          }
        }
        fetchedBytes += bytes - downloads.stream().mapToLong(d -> d.part.bytes()).sum();
        fetch.run(downloads);
      } finally {
        downloads.forEach(Download::close);
      }
    }

    /** Notes what the revision's name means now. */
    private void refer() {
      if (reference.revision().equals(listing.commit())) {
        return;
      }
      Path file = repository.resolve("refs").resolve(reference.revision());
      try {
        Files.createDirectories(file.getParent());
        AtomicFile.write(file, listing.commit());
      } catch (IOException e) {
        throw AtomicFile.cannotWrite(file, e);
      }
    }
  }
}
