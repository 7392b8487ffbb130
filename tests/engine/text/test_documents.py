from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from milvus_store_lite.text.documents import Documents, count_terms

TOKENS = st.lists(st.lists(st.sampled_from(["a", "b", "c", "", "a b", "ä"]), max_size=8), max_size=8)


def counted(documents: Documents) -> list[dict[str, int]]:
    found = []
    for place in range(len(documents)):
        part = slice(documents.starts[place], documents.starts[place + 1])
        terms = [documents.terms[code] for code in documents.codes[part].tolist()]
        assert len(set(terms)) == len(terms)
        found.append(dict(zip(terms, documents.counts[part].tolist(), strict=True)))
    return found


@given(TOKENS)
def test_each_document_has_its_terms_as_often_as_they_occur(tokens: list[list[str]]) -> None:
    documents = count_terms(tokens)
    assert counted(documents) == [dict(Counter(one)) for one in tokens]
    assert list(documents.terms) == list(dict.fromkeys(term for one in tokens for term in one))


@given(TOKENS, st.data())
def test_documents_that_are_kept_are_the_same(tokens: list[list[str]], data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, len(tokens) - 1), max_size=9) if tokens else st.just([]))
    kept = count_terms(tokens).keep(places)
    assert counted(kept) == [dict(Counter(tokens[place])) for place in places]
