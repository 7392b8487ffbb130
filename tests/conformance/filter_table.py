"""The rows and expressions on which Milvus Lite and this engine are compared."""

from __future__ import annotations

from typing import Any

from milvus_store import DataType

WORDS = ("red apple", "Green", "blue sky", "", "a%b_c", "naïve café", 'quo"te', "red")


def schema_of(client: Any) -> Any:
    """The schema, built by the client's own classes."""
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("n8", DataType.INT8)
    schema.add_field("n64", DataType.INT64, nullable=True)
    schema.add_field("f", DataType.FLOAT)
    schema.add_field("d", DataType.DOUBLE, nullable=True)
    schema.add_field("flag", DataType.BOOL)
    schema.add_field("word", DataType.VARCHAR, max_length=100, nullable=True)
    schema.add_field("doc", DataType.JSON)
    schema.add_field("ranks", DataType.ARRAY, element_type=DataType.INT64, max_capacity=10)
    schema.add_field("tags", DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=10, max_length=50)
    schema.add_field("moment", DataType.TIMESTAMPTZ, nullable=True)
    schema.add_field("place", DataType.GEOMETRY, nullable=True)
    schema.add_field("text", DataType.VARCHAR, max_length=200, enable_analyzer=True, enable_match=True)
    return schema


ROWS: list[dict[str, Any]] = [
    {
        "id": i,
        "vector": [float(i), 1.0],
        "n8": i - 8,
        "n64": None if i % 5 == 4 else i * 10**9,
        "f": i / 4,
        "d": None if i % 7 == 6 else i * 0.1,
        "flag": i % 2 == 0,
        "word": None if i % 6 == 5 else WORDS[i % 8],
        "doc": [
            {"a": i, "b": {"c": "x"}, "list": [1, 2, i]},
            {"a": "text", "b": {"c": i}, "list": []},
            {"a": 1.5, "b": None, "list": ["p", "q"]},
            {"b": {}, "flag": True},
        ][i % 4],
        "ranks": list(range(i % 4)),
        "tags": [WORDS[(i + k) % 8] for k in range(i % 3)],
        "moment": None if i % 4 == 3 else f"2025-01-{i + 1:02d}T12:00:00Z",
        "place": None if i % 5 == 3 else f"POINT ({i} {i % 3})",
        "text": ("the quick brown fox", "a lazy dog sleeps", "quick dogs and foxes", "")[i % 4],
        **({"color": WORDS[i % 8]} if i % 2 else {}),
        **({"size": i} if i % 3 else {}),
        **({"名": "xy"[i % 2]} if i % 4 else {}),
    }
    for i in range(16)
]
_COMPARISONS = [
    f"{field} {op} {value}"
    for field, value in [("n8", "-3"), ("n64", "5000000000"), ("f", "1.25"), ("d", "0.5"), ("word", '"red"')]
    for op in ("==", "!=", "<", "<=", ">", ">=")
]
_JSON = [
    f"{path} {op} {value}"
    for path, value in [
        ('doc["a"]', "4"),
        ('doc["b"]["c"]', '"x"'),
        ("size", "4"),
        ('$meta["color"]', '"red"'),
    ]
    for op in ("==", "!=", "<", ">=")
]
TEXTS = r"""
# literals
n8 == 0x3
n8 == 0b11
n8 == 03
n8 == +3
n8 == - 3
f == 1.5e0
f == .5
f == 1.
f == 0x1.8p0
d == 0.1
n8 == 3.0
n8 < 2.5
f > 1
word == 'red'
word == "quo\"te"
word == 'quo\"te'
word == 'naïve café'
word == 'na\u00efve caf\u00e9'
word == "\x72ed"
word == ''
word == r'red'
word == u8"red"
word == L'red'
word == 're\144'
flag == true
flag == True
flag == FALSE
flag != true
flag
not flag
!flag
true
false
# sets
n8 in [1, 2, 3]
n8 in []
n8 not in []
n8 not in [1, 2]
n64 in [1000000000, 0]
n64 not in [0]
word in ['red', "Green"]
word not in ['red']
word in ['red',]
flag in [true]
f in [0.25, 1]
NOT n8 IN [1]
n8 !in [1]
d in [0.1, 0.2]
doc["a"] in [0, 4, "text"]
doc["a"] not in [0]
size in [1, 2]
n8 IN [1]
n8 NOT IN [1]
# ranges
1 < n8 < 5
1 <= n8 <= 5
5 > n8 >= 1
0.1 < d <= 0.5
'a' <= word < 'r'
1 < doc["a"] < 9
1 < size <= 7
5 >= doc["a"] > 1
0 <= ranks[0] < 2
# patterns
word like 'red%'
word like '%e%'
word like '%sky'
word like '_reen'
word like 'red'
word LIKE 'R%'
word like 'a\%b%'
word like 'a\%b\_c'
word like ''
word like '%'
not (word like 'r%')
doc["b"]["c"] like "x%"
color like '%e%'
word =~ 'r.d'
word !~ 'r.d'
word =~ '^red$'
doc["a"] =~ "t.x"
word =~ r"\s"
# arithmetic
n8 + 1 == 2
n8 - 1 > 0
n8 * 2 == 4
n8 / 2 == 1
n8 % 2 == 0
n8 % 3 == -1
n8 / 2 == -1
n8 ** 2 == 4
f * 2 == 3.0
n64 + 1 == 1000000001
d * 10 >= 5
f / 2 > 0.5
doc["a"] + 1 == 5
-n8 == 3
n8 == 1 + 2
2 * 3 == n8
size * 2 == 8
(n8 & 1) == 1
(n8 | 1) == 3
(n8 ^ 1) == 2
n8 << 1 == 4
n8 >> 1 == 1
~n8 == 2
# logic
n8 > 0 and flag
n8 > 0 && flag
n8 > 5 or flag
n8 > 5 || flag
n8 > 0 AND flag == true
n8 > 5 OR n8 < 0
n8 > 0 and n8 < 5 or flag == false
n8 > 0 and (n8 < 5 or flag == false)
not n8 > 0 and flag == true
NOT (n8 > 0)
not not flag == true
n64 > 0 and word == 'red'
n64 > 0 or word == 'red'
not (n64 > 0 and word == 'red')
not (n64 > 0 or word == 'red')
# nulls
n64 is null
n64 is not null
word IS NULL
word IS NOT NULL
n64 is null or n64 > 3000000000
not (n64 is null)
d is null
doc["b"] is null
doc["b"] is not null
doc["a"] is null
doc["nope"] is null
size is null
size is not null
color is null
moment is null
place is null
n8 is null
doc is null
$meta["color"] is null
$meta["color"] IS NOT NULL
# existence
exists doc["a"]
not exists doc["a"]
EXISTS doc["b"]["c"]
exists size
exists $meta["color"]
exists doc["b"]
# JSON paths
doc["list"][0] == 1
doc["list"][2] == 4
doc["list"][9] == 1
doc["b"]["c"] == 5
doc["flag"] == true
doc["list"][1] == "q"
doc['a'] == 1.5
doc["a"] == doc["a"]
$meta["size"] > 4
$meta["nope"] == 1
$meta["名"] == "x"
名 == "x"
名 in ["y"] and n8 > 0
名 is null
# functions on arrays
array_contains(ranks, 1)
ARRAY_CONTAINS(ranks, 2)
not array_contains(ranks, 1)
array_contains(tags, 'red')
array_contains_all(ranks, [0, 1])
array_contains_any(ranks, [2, 9])
array_contains_all(tags, ['red', 'red apple'])
array_length(ranks) == 2
array_length(tags) > 0
array_length(ranks) in [0, 1]
ranks[0] == 0
ranks[1] != 5
ranks[2] > 1
tags[0] == 'red'
tags[0] like 'r%'
ranks == [0, 1]
ranks != [0, 1]
ranks[0] in [0]
[0, 1] == ranks
json_contains(doc["list"], 1)
JSON_CONTAINS(doc["list"], "p")
not json_contains(doc["list"], 1)
json_contains_all(doc["list"], [1, 2])
json_contains_any(doc["list"], ["q", 8])
array_contains(doc["list"], 2)
array_length(doc["list"]) == 3
JSON_CONTAINS_ALL(doc["list"], [1, 4])
# words
text_match(text, 'quick')
TEXT_MATCH(text, 'quick lazy')
text_match(text, 'QUICK')
not text_match(text, 'quick')
text_match(text, 'quick fox', minimum_should_match=2)
phrase_match(text, 'quick brown')
phrase_match(text, 'brown quick', 2)
phrase_match(text, 'quick fox', 1)
phrase_match(text, 'brown the quick', 3)
text_match_fuzzy(text, 'qiuck', max_edit_distance=1)
TEXT_MATCH_FUZZY(text, 'lasy foxs', MAX_EDIT_DISTANCE=1)
not text_match_fuzzy(text, 'dog', max_edit_distance=0)
# strings
empty(word)
starts_with(word, 're')
STARTS_WITH(word, 'a%')
# times
moment > ISO '2025-01-05T00:00:00Z'
moment == ISO '2025-01-03T12:00:00Z'
moment == ISO '2025-01-03T20:00:00+08:00'
moment != ISO '2025-01-03T12:00:00Z'
moment + INTERVAL 'P1D' > ISO '2025-01-05T00:00:00Z'
moment - INTERVAL 'P1D' <= ISO '2025-01-05T00:00:00Z'
moment + INTERVAL 'PT12H' == ISO '2025-01-04T00:00:00Z'
ISO '2025-01-05T00:00:00Z' < moment
iso '2025-01-05T00:00:00Z' >= moment
moment + interval 'P1M' > ISO '2025-02-05T00:00:00Z'
moment > ISO '2025-01-05T00:00:00'
moment > ISO '2025-01-05 00:00:00'
ISO '2025-01-02T00:00:00Z' < moment <= ISO '2025-01-05T12:00:00Z'
# geometries
st_within(place, 'POLYGON ((0 0, 5 0, 5 5, 0 5, 0 0))')
ST_INTERSECTS(place, 'POLYGON ((0 0, 5 0, 5 5, 0 5, 0 0))')
st_contains(place, 'POINT (4 1)')
st_equals(place, 'POINT (4 1)')
st_dwithin(place, 'POINT (4 1)', 2)
st_isvalid(place)
st_touches(place, 'POLYGON ((0 0, 5 0, 5 5, 0 5, 0 0))')
st_overlaps(place, 'POLYGON ((0 0, 5 0, 5 5, 0 5, 0 0))')
st_crosses(place, 'LINESTRING (0 0, 5 5)')
not st_within(place, 'POLYGON ((0 0, 5 0, 5 5, 0 5, 0 0))')
# elements
match_any(ranks, $ > 1)
match_all(ranks, $ >= 0)
element_filter(ranks, $ == 2)
match_least(ranks, $ > 0, threshold=2)
match_most(ranks, $ > 0, threshold=1)
MATCH_EXACT(ranks, 0 < $ < 3, THRESHOLD=1)
match_any(tags, $ like 'r%')
match_any(doc["list"], $ == 1 or $ == "q")
match_all(doc["list"], $ in [1, 2, 4])
# samples
n8 > 100 and random_sample(0.5)
# what must be refused
n8 = 1
n8 ==
nope
n8 == 'x'
word == 5
word > 5
flag == 1
flag > true
n8 like 'a'
vector == 1
word like 5
n8 in 5
n8 in ['x']
(n8 == 1
n8 == 1)
n8 And flag
word + 1 == 2
n8 == null
text_match(word, 'red')
array_contains(n8, 1)
n8 / 0 == 1
word =~ '('
1 < n8 > 5
text_match_fuzzy(text, 'a')
text_match_fuzzy(text, 'a', max_edit_distance=3)
text_match(text, 'a', threshold=1)
membership_match(n64, [1, 2])
custom_predicate(n8, 1)
empty(n8)
n8 == 1 == true
"""
EXPRESSIONS: list[str] = [
    *_COMPARISONS,
    *_JSON,
    *(f"not ({text})" for text in _COMPARISONS[6:12] + _JSON[:4]),
    *(line for line in TEXTS.splitlines() if line and not line.startswith("#")),
]
