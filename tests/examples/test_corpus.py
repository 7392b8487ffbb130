"""The reference falls into passages that are whole, small, unique and labelled, on every Python version."""

from collections import Counter

import pytest
from langchain_core.documents import Document

from corpus import PASSAGE_LENGTH, load_passages, sections_of, unique_sections


@pytest.fixture(scope="module")
def passages() -> list[Document]:
    return load_passages()


def test_a_topic_is_cut_at_its_titles_and_a_heading_names_its_parents() -> None:
    text = (
        "Outer\n*****\n\nFirst.\n\nInner\n=====\n\nSecond.\n\n"
        'The "with"\n----------\n\nThird.\n\nNext\n====\n\nFourth.\n'
    )
    assert [(section.heading, section.body) for section in sections_of("topic", text)] == [
        ("Outer", "First."),
        ("Outer > Inner", "Second."),
        ("Outer > Inner > The with", "Third."),
        ("Outer > Next", "Fourth."),
    ]


def test_footnotes_are_a_section_and_a_table_loses_its_rules() -> None:
    text = (
        "Title\n*****\n\n+---+---+\n| a | b |\n|===|===|\n| c | d |\n+---+---+\n\n"
        "-[ Footnotes ]-\n\n[1] Note.\n"
    )
    table, footnotes = sections_of("topic", text)
    assert table.body == "| a | b |\n| c | d |"
    assert footnotes.body == "[1] Note."


def test_a_section_printed_twice_belongs_to_the_shorter_topic() -> None:
    bodies = Counter(" ".join(section.body.split()) for section in unique_sections())
    assert max(bodies.values()) == 1
    guarantees = [section.topic for section in unique_sections() if "guarantees that if" in section.body]
    assert guarantees == ["with"]


def test_the_reference_yields_hundreds_of_small_passages(passages: list[Document]) -> None:
    assert 500 < len(passages) < 2_000
    assert all(len(passage.page_content) <= PASSAGE_LENGTH + 150 for passage in passages)
    assert all(passage.page_content.split("\n\n", 1)[1].strip() for passage in passages)


def test_every_passage_says_where_it_stands(passages: list[Document]) -> None:
    assert len({passage.id for passage in passages}) == len(passages)
    for passage in passages:
        assert passage.id == f"{passage.metadata['topic']}-{passage.metadata['chunk']:03}"
        assert passage.page_content.startswith(passage.metadata["heading"])


def test_the_topics_the_demo_relies_on_are_there(passages: list[Document]) -> None:
    count = Counter(passage.metadata["topic"] for passage in passages)
    assert count["break"] == 1
    assert count["exceptions"] >= 3
    assert len(count) > 70
