package dev.ashlar.engine;

import dev.ashlar.engine.chat.Continuation;
import dev.ashlar.engine.chat.Conversation;
import dev.ashlar.engine.device.Lease;
import dev.ashlar.engine.device.Workload;
import dev.ashlar.engine.model.Model;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.nn.generate.Sampler;
import dev.ashlar.text.chat.ChatTemplate;
import dev.ashlar.text.tokenizer.Tokenizer;
import java.util.Set;

/**
 * Texts and conversations that a model goes on with.
 *
 * @param running what computes them
 * @param options how
 */
record Continuations(Model model, RunningModel running, ModelOptions options) {
  /** Goes on behind one prompt, for as long as {@code how} says. */
  Continuation behind(int[] prompt, GenerationOptions how) {
    long tokens = Prompts.tokens(model, how, prompt.length);
    return continuation(
        how.sampler(),
        prompt.length,
        tokens,
        new Workload(prompt.length, tokens - prompt.length),
        Prompts.context(model, how),
        model.stopTokens());
  }

  /**
   * An empty conversation.
   *
   * @throws InputException if the model has no chat template and none was given
   * @throws dev.ashlar.text.chat.ChatTemplateException if the template that was given is ill-formed
   */
  Conversation conversation(ChatOptions how, Tokenizer tokenizer) {
    ChatTemplate template =
        how.template()
            .map(this::template)
            .or(model::chatTemplate)
            .orElseThrow(
                () ->
                    new InputException(
                        model.checkpoint().path()
                            + ": the model has no chat template, so it was probably not made for"
                            + " conversations; continue a text instead, or give a template"));
    int context =
        running.openEnded(Prompts.context(model, how.generation()), Workload.CONVERSATION);
    Continuation answers =
        continuation(
                how.generation().sampler(),
                Integer.MAX_VALUE,
                context,
                Workload.CONVERSATION,
                context,
                model.answerStops(template))
            .until(how.generation().cancellation()::isCancelled);
    Conversation conversation =
        new Conversation(
            template,
            tokenizer,
            answers,
            context,
            promptTokens -> Prompts.limit(model, how.generation(), promptTokens),
            model.generationSettings().stopStrings(),
            how.variables());
    how.system().ifPresent(conversation::system);
    return conversation;
  }

  /** A template that sees the special tokens that the model's own one would. */
  private ChatTemplate template(ChatOptions.Template given) {
    return ChatTemplate.of(
        given.jinja(),
        model.chatTemplate().map(ChatTemplate::specialTokens).orElse(model.specialTokens()),
        given.origin());
  }

  private Continuation continuation(
      Sampler sampler,
      int promptTokens,
      long tokens,
      Workload work,
      int context,
      Set<Integer> stops) {
    Lease lease = running.lease(promptTokens, tokens, work);
    return new ModelContinuation(
        new Generator(lease.runner(), sampler, context), lease, options, stops);
  }
}
