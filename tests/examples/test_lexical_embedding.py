"""The embedding gives the same unit vectors everywhere, and its nearest passages are on the right topic."""

import os
import subprocess
import sys

import numpy as np
import numpy.typing as npt
import pytest
from langchain_core.documents import Document

from corpus import load_passages
from lexical_embedding import DIMENSION, LexicalEmbedding, letter_groups, words_of

TEXTS = ["the break statement leaves a loop", "the continue statement", "a loop over the formatted lines"]

QUESTIONS = {
    "How do I catch several exceptions in one except clause?": {"try"},
    "How does a with statement call __enter__ and __exit__?": {"with", "context-managers"},
    "What is the precedence of operators?": {"operator-summary"},
    "What does yield do in a generator function?": {"yield"},
    "How do I format a float in an f-string?": {"formatstrings"},
    "Which values are considered false?": {"truth"},
    "How do I define a function with default parameter values?": {"function"},
    "What does the nonlocal statement do?": {"nonlocal"},
    "How does a metaclass create a class?": {"specialnames"},
    "How does the import statement find a module?": {"import"},
    "How do I match a mapping pattern in a case block?": {"compound"},
    "How are names resolved in nested scopes?": {"naming"},
    "How do I set a breakpoint in the debugger?": {"debugger"},
    "How do I split a string at commas?": {"string-methods"},
    "What does __slots__ do?": {"attribute-access"},
    "When is an object garbage collected?": {"objects"},
    "How do descriptors work?": {"attribute-access"},
    "How do I re-raise an exception with a cause?": {"raise"},
    "How do I unpack a sequence into several variables?": {"assignment"},
    "How do I iterate over the keys of a dictionary?": {"typesmapping"},
    "How do I leave a loop early?": {"break"},
    "How do I write a lambda?": {"lambda"},
    "What is a coroutine?": {"async", "types"},
    "How do I insert an item into a list?": {"typesseq-mutable"},
    "How do I delete a variable?": {"del"},
    "Can an integer literal contain underscores?": {"integers"},
    "How do I make instances hashable with __hash__?": {"customization"},
    "What is the difference between is and ==?": {"comparisons"},
    "How are keyword arguments passed in a call?": {"calls"},
    "Which escape sequences are recognized in string literals?": {"strings"},
}


class Nearest:
    """The whole reference in one matrix: what a store answers, without a store."""

    def __init__(self, passages: list[Document]) -> None:
        texts = [passage.page_content for passage in passages]
        self.topics = [str(passage.metadata["topic"]) for passage in passages]
        self.embedding = LexicalEmbedding.fit(texts)
        self.vectors = np.array(self.embedding.embed_documents(texts), np.float32)

    def topics_for(self, question: str, k: int = 3) -> set[str]:
        similarities = self.vectors @ np.array(self.embedding.embed_query(question), np.float32)
        return {self.topics[row] for row in np.argsort(-similarities, kind="stable")[:k]}


@pytest.fixture(scope="module")
def nearest() -> Nearest:
    return Nearest(load_passages())


@pytest.fixture
def embedding() -> LexicalEmbedding:
    return LexicalEmbedding.fit(TEXTS)


def cosine(embedding: LexicalEmbedding, one: str, other: str) -> float:
    left, right = embedding.embed_documents([one, other])
    return float(np.dot(left, right))


def test_the_right_topic_is_among_the_first_three_for_nearly_every_question(nearest: Nearest) -> None:
    missed = [question for question, right in QUESTIONS.items() if not right & nearest.topics_for(question)]
    assert len(missed) <= len(QUESTIONS) // 10, missed


def test_the_right_topic_is_first_for_most_questions(nearest: Nearest) -> None:
    hits = [question for question, right in QUESTIONS.items() if right & nearest.topics_for(question, k=1)]
    assert len(hits) >= 0.75 * len(QUESTIONS)


def test_a_passage_is_nearest_to_itself(nearest: Nearest) -> None:
    similarities = nearest.vectors @ nearest.vectors.T
    assert np.allclose(similarities.max(axis=1), similarities.diagonal(), atol=1e-5)


def test_vectors_have_unit_length(embedding: LexicalEmbedding) -> None:
    vectors: npt.NDArray[np.float64] = np.array(embedding.embed_documents(TEXTS))
    assert vectors.shape == (len(TEXTS), DIMENSION)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_query_is_embedded_like_a_document(embedding: LexicalEmbedding) -> None:
    assert embedding.embed_query(TEXTS[0]) == embedding.embed_documents(TEXTS)[0]


def test_a_text_without_words_is_the_zero_vector(embedding: LexicalEmbedding) -> None:
    assert embedding.embed_query(" .?\n") == [0.0] * DIMENSION


def test_no_texts_give_no_vectors(embedding: LexicalEmbedding) -> None:
    assert embedding.embed_documents([]) == []


def test_a_rare_word_counts_more_than_a_common_one(embedding: LexicalEmbedding) -> None:
    assert cosine(embedding, "break the", "break a") > cosine(embedding, "break the", "continue the")


def test_an_inflected_or_misspelt_word_stays_near_its_model(embedding: LexicalEmbedding) -> None:
    assert cosine(embedding, "formatted", "formatting") > 0.3
    assert cosine(embedding, "statement", "statment") > 0.2
    assert abs(cosine(embedding, "statement", "loop")) < 0.2


def test_the_dimension_can_be_chosen() -> None:
    assert len(LexicalEmbedding.fit(TEXTS, dimension=64).embed_query("loop")) == 64


def test_another_process_computes_the_same_vector(embedding: LexicalEmbedding) -> None:
    program = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from lexical_embedding import LexicalEmbedding\n"
        f"print(LexicalEmbedding.fit({TEXTS!r}).embed_query({TEXTS[0]!r}))"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        output = subprocess.check_output([sys.executable, "-c", program], env=environment, text=True)
        assert output.strip() == str(embedding.embed_query(TEXTS[0]))


def test_words_are_names_and_operators() -> None:
    assert words_of("If __enter__ := x**2, then...") == ["if", "__enter__", ":=", "x", "**", "2", "then"]


def test_letter_groups_mark_the_edges_of_a_word() -> None:
    assert letter_groups("if") == ["<if", "if>", "<if>"]
