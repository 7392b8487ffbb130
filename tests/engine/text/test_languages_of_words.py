"""The tokenizers ``lindera`` and ``icu``, on the texts of Milvus's documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("lindera", reason="it comes with the extra languages")
pytest.importorskip("icu4py", reason="it comes with the extra languages")

from milvus_store import DataType, Function, FunctionType, LexicalHighlighter, MilvusClient
from milvus_store_lite.text.analyzer import analyzer

STATION = "東京スカイツリーの最寄り駅はとうきょうスカイツリー駅で"
KOREAN = ["SP", "SF", "JKS", "JKO", "JKB", "JX", "EP", "EF", "ETM"]


def lindera(dictionary: str, *filters: Any, then: tuple[Any, ...] = ()) -> dict[str, Any]:
    tokenizer = {"type": "lindera", "dict_kind": dictionary, "filter": list(filters)}
    return {"tokenizer": tokenizer, "filter": list(then)}


def tokens(params: Any, text: str) -> list[str]:
    return analyzer(params).tokens([text])[0]


def test_lindera_cuts_japanese() -> None:
    assert tokens(lindera("ipadic"), STATION) == [
        *(
            "東京",
            "スカイ",
            "ツリー",
            "の",
            "最寄り駅",
            "は",
            "とう",
            "きょう",
            "スカイ",
            "ツリー",
            "駅",
            "で",
        )
    ]
    no_particles = {"kind": "japanese_stop_tags", "tags": ["助詞,連体化", "助詞,係助詞", "助動詞"]}
    assert tokens(lindera("ipadic", no_particles), "東京の駅は大きいです") == ["東京", "駅", "大きい"]


def test_lindera_cuts_korean_and_chinese() -> None:
    text = "서울에서 맛있는 음식을 먹었습니다."
    assert tokens(lindera("ko-dic"), text) == [
        *("서울", "에서", "맛있", "는", "음식", "을", "먹", "었", "습니다", ".")
    ]
    no_endings = {"kind": "korean_stop_tags", "tags": KOREAN}
    assert tokens(lindera("ko-dic", no_endings), text) == ["서울", "맛있", "음식", "먹"]
    assert tokens(lindera("cc-cedict"), "我们都有光明的前途") == ["我们", "都", "有", "光明", "的", "前途"]


def test_icu_cuts_any_language_and_keeps_what_stands_between() -> None:
    assert tokens({"tokenizer": "icu"}, "Привет! Как дела?") == ["Привет", "!", " ", "Как", " ", "дела", "?"]
    words = {"tokenizer": "icu", "filter": ["removepunct", "lowercase"]}
    assert tokens(words, "Привет! Как дела?") == ["привет", "как", "дела"]
    assert tokens(words, "東京に行く。 สวัสดีชาวโลก") == ["東京", "に", "行く", "สวัสดี", "ชาว", "โลก"]


@pytest.mark.parametrize(
    "params",
    [
        {"tokenizer": "icu", "filter": ["removepunct"]},
        lindera("ipadic", {"kind": "japanese_stop_tags", "tags": ["助詞,係助詞"]}, then=("lowercase",)),
    ],
)
@settings(deadline=None, max_examples=60)
@given(text=st.text(st.sampled_from("はB 9,é母は東京大学👩\n"), max_size=20))
def test_positions_are_those_of_the_same_tokens(params: Any, text: str) -> None:
    found = analyzer(params).positioned(text)
    assert [token.text for token in found] == tokens(params, text)
    for token in found:
        assert text[token.start : token.end].lower() == token.text.lower()
    assert [token.position for token in found] == sorted({token.position for token in found})


def test_a_word_is_found_in_its_sentence_and_marked(path: Path) -> None:
    particles = {"kind": "korean_stop_tags", "tags": KOREAN}
    with MilvusClient(path) as client:
        schema = client.create_schema().add_field("id", DataType.INT64, is_primary=True)
        schema.add_field(
            "text",
            DataType.VARCHAR,
            max_length=99,
            enable_analyzer=True,
            enable_match=True,
            analyzer_params=lindera("ko-dic", particles),
        )
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(Function("bm25", FunctionType.BM25, "text", "sparse"))
        index = client.prepare_index_params("sparse", metric_type="BM25")
        client.create_collection("docs", schema=schema, index_params=index)
        client.insert(
            "docs", [{"id": 1, "text": "서울에서 음식을 먹었습니다"}, {"id": 2, "text": "부산에서 왔습니다"}]
        )
        (hits,) = client.search("docs", ["음식"], highlighter=LexicalHighlighter(highlight_search_text=True))
        assert [(hit["id"], hit.highlight["text"]["fragments"]) for hit in hits] == [
            (1, ["<em>음식</em>을 먹었습니다"])
        ]
        assert [row["id"] for row in client.query("docs", "text_match(text, '부산')")] == [2]
