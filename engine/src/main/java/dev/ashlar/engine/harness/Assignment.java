package dev.ashlar.engine.harness;

/** A data set to measure on: text to predict, or questions to answer. */
public sealed interface Assignment permits EvaluationText, QuestionSet {}
