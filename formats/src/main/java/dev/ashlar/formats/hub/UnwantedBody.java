package dev.ashlar.formats.hub;

import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/** A body that is not even looked at, since it may be long. */
final class UnwantedBody implements BodySubscriber<Void> {
  private final CompletableFuture<Void> result = new CompletableFuture<>();

  @Override
  public CompletionStage<Void> getBody() {
    return result;
  }

  @Override
  public void onSubscribe(Flow.Subscription s) {
    s.cancel();
    result.complete(null);
  }

  @Override
  public void onNext(List<ByteBuffer> item) {}

  @Override
  public void onError(Throwable t) {
    result.complete(null);
  }

  @Override
  public void onComplete() {
    result.complete(null);
  }
}
