"""Ask the Python language reference questions: index it, search it, edit it, and find it again after closing.

Everything runs offline and lands in one file, `./milvus_demo.db`. Run `python examples/rag_demo.py`, then
`python examples/rag_demo.py --ask "your question"`.
"""

from __future__ import annotations

import argparse
import io
import platform
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from tqdm import tqdm  # type: ignore[import-untyped]

from corpus import load_passages
from langchain_milvus_store import Milvus
from lexical_embedding import LexicalEmbedding, words_of

COLLECTION = "python_reference"
BATCH = 64
WIDTH = 100

QUESTIONS = [
    "How do I catch several exceptions in one except clause?",
    "How does a with statement call __enter__ and __exit__?",
    "What is the precedence of operators?",
    "What does yield do in a generator function?",
    "How do I format a float in an f-string?",
    "Which values are considered false?",
]
FILTERED_QUESTION = "How does an except clause select the exceptions it handles?"
EDITED_QUESTION = "How do I leave a loop early?"
HOUSE_RULE = Document(
    "House rule\n\nTo leave a loop early, return from a small function rather than break out of two loops.",
    metadata={"topic": "break", "heading": "House rule", "chunk": 1},
)
LAST_QUESTION = "When is an object garbage collected?"


def main() -> None:
    """The whole tour, or one answer from a file that an earlier tour has left."""
    parser = argparse.ArgumentParser(description="Ask the Python language reference.")
    parser.add_argument("--ask", metavar="QUESTION", help="answer from the existing file and stop")
    parser.add_argument("--db", default="./milvus_demo.db", help="the database file (default: %(default)s)")
    options = parser.parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # the reference has quotation marks that some terminals lack
    if options.ask:
        answer_from_file(options.ask, options.db)
    else:
        tour(options.db)


def tour(db: str) -> None:
    """Index, ask, filter, edit, close, and ask again from a second process."""
    passages = load_passages()
    embeddings = embeddings_for(passages)

    title(f"1. Index the language reference of Python {platform.python_version()}")
    store = index(passages, embeddings, db)

    title("2. Ask")
    for question in QUESTIONS:
        ask(store, question)

    title("3. Ask inside one topic")
    ask_within(store, FILTERED_QUESTION, 'topic == "exceptions"')

    title("4. Delete and upsert")
    edit(store)

    title("5. Close, and ask again from a second process")
    store.client.close()
    describe_files(Path(db))
    subprocess.run([sys.executable, __file__, "--db", db, "--ask", LAST_QUESTION], check=True)


def embeddings_for(passages: list[Document]) -> Embeddings:
    """The one line to change for a hosted model, such as `return OpenAIEmbeddings()`."""
    return LexicalEmbedding.fit([passage.page_content for passage in passages])


def index(passages: list[Document], embeddings: Embeddings, db: str) -> Milvus:
    """A fresh collection holding every passage, stored in batches for the sake of the progress bar."""
    topics = {passage.metadata["topic"] for passage in passages}
    say(f"{len(passages)} passages on {len(topics)} topics; `topic` is the partition key.")
    start = time.perf_counter()
    store = Milvus(
        embedding_function=embeddings,
        collection_name=COLLECTION,
        connection_args={"uri": db},
        index_params={"index_type": "AUTOINDEX", "metric_type": "COSINE"},
        partition_key_field="topic",
        drop_old=True,
    )
    with tqdm(total=len(passages), desc="   storing", unit=" passages", ncols=WIDTH, file=sys.stdout) as bar:
        for first in range(0, len(passages), BATCH):
            batch = passages[first : first + BATCH]
            store.add_documents(batch, ids=[str(passage.id) for passage in batch])
            bar.update(len(batch))
    say(f"Embedded and stored in {time.perf_counter() - start:.2f} s.")
    return store


def ask(store: Milvus, question: str, k: int = 3) -> None:
    """Print the k nearest passages with their cosine similarity, the first one at length."""
    start = time.perf_counter()
    hits = store.similarity_search_with_score(question, k=k)
    elapsed = time.perf_counter() - start
    say(f"\n? {question:<{WIDTH - 16}}{elapsed * 1000:6.1f} ms")
    for passage, score in hits:
        show(passage, question, f"{score:.2f}")


def ask_within(store: Milvus, question: str, expr: str) -> None:
    """The same question twice: to everything, then through a retriever that sees one topic only."""
    for search_kwargs in ({"k": 3}, {"k": 3, "expr": expr}):
        retriever = store.as_retriever(search_kwargs=search_kwargs)
        say(f"\n? {question}   [{search_kwargs.get('expr', 'all topics')}]")
        for rank, passage in enumerate(retriever.invoke(question), start=1):
            show(passage, question, f"{rank}.  ")


def edit(store: Milvus) -> None:
    """Take one topic out, see another answer move up, and put a document of our own in its place."""
    ask(store, EDITED_QUESTION, k=2)
    pks = store.get_pks('topic == "break"') or []
    store.delete(pks)
    say(f"\n- deleted {', '.join(map(str, pks))}")
    ask(store, EDITED_QUESTION, k=2)
    store.upsert(pks[:1], [HOUSE_RULE])
    say(f"\n+ upserted a document of our own as {pks[0]}")
    ask(store, EDITED_QUESTION, k=2)


def describe_files(db: Path) -> None:
    """What the closed store left on disk: everything whose name begins like the database's."""
    files = sorted(db.parent.glob(f"{db.name}*"))
    sizes = ", ".join(f"{file.name} of {file.stat().st_size / 1e6:.1f} MB" for file in files)
    say(f"Closed. Left on disk: {len(files)} {'file' if len(files) == 1 else 'files'}, {sizes}.")


def answer_from_file(question: str, db: str) -> None:
    """Open what another process wrote; the embedding needs no file, for the reference is part of Python."""
    start = time.perf_counter()
    embeddings = embeddings_for(load_passages())
    store = Milvus(embedding_function=embeddings, collection_name=COLLECTION, connection_args={"uri": db})
    say(f"Ready to answer after {time.perf_counter() - start:.2f} s.")
    ask(store, question)
    store.client.close()


def show(passage: Document, question: str, label: str) -> None:
    """One hit: where it stands, then two lines of the paragraph nearest the question."""
    say(f"  {label}  {passage.metadata['topic']:<17} {passage.metadata['heading'][: WIDTH - 30]}")
    asked = set(words_of(question))
    paragraphs = passage.page_content.split("\n\n")[1:]
    best = max(paragraphs, key=lambda text: sum(map(len, asked.intersection(words_of(text)))))
    lines = textwrap.wrap(" ".join(best.split()), WIDTH - 13, max_lines=2, placeholder=" ...")
    say(textwrap.indent("\n".join(lines), " " * 8))


def title(text: str) -> None:
    """A heading between the steps."""
    print(f"\n{text}\n{'-' * len(text)}")


def say(text: str) -> None:
    """One line of the story, flushed so that it keeps its place beside the bar and the second process."""
    print(textwrap.indent(text, "   "), flush=True)


if __name__ == "__main__":
    main()
