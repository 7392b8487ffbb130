"""One run of an import: batches are read, fitted to the collection and written; a journal says how far it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milvus_store_lite import Column, Columns, OnProgress, Progress, as_list, of_rows

from ..errors import DataNotMatchException, MilvusException, ParamError
from .conforming import conformed
from .definitions import CollectionDefinition
from .journal import Entry, Journal
from .reading_ahead import read_ahead
from .records import RecordBatch, Records, Refused
from .refusing import reasons_of, shown_row
from .slices import some_rows
from .stores import Target


@dataclass(frozen=True, slots=True)
class Embedding:
    """Makes vectors while texts are imported: ``embed`` takes a list of texts and gives a vector for each."""

    embed: Callable[[list[str]], Any]
    text_field: str = "text"
    vector_field: str = "vector"

    def filled(self, columns: Columns) -> Columns:
        """The rows with vectors.

        Raises:
            ParamError: there are no texts, or not as many vectors as texts.
        """
        found = columns.by_name.get(self.text_field)
        if found is None:
            raise ParamError(message=f"there is no column {self.text_field!r} to embed")
        texts = ["" if text is None else str(text) for text in as_list(of_rows(found, columns.count))]
        vectors = self.embed(texts)
        if len(vectors) != len(texts):
            raise ParamError(message=f"expected a vector for each of {len(texts)} texts, got {len(vectors)}")
        return Columns(columns.count, {**columns.by_name, self.vector_field: Column(vectors)}, columns.extra)


@dataclass(frozen=True, slots=True)
class ImportRun:
    """``refusals``: the file for records that are not taken. ``keeps_pks``: whether rows that are numbered have
    keys, and keep them."""

    records: Records
    store: Target
    definition: CollectionDefinition
    keeps_pks: bool
    journal: Journal
    refusals: Path
    embedding: Embedding | None
    progress: OnProgress | None

    def carried_out(self, entry: Entry, batch_rows: int, *, goes_on: bool) -> None:
        """Import what is left.

        Args:
            goes_on: whether a run before was broken off.
        """
        name, total = self.definition.name, self.records.count
        self.journal.collections[name] = entry
        if not goes_on:
            entry.before = self.store.count(name)
        else:
            if self._numbers_rows:
                self._find_out(entry)
            entry.refused, entry.refusals_size = entry.settled
        self._cut_refusals(entry)
        for batch in read_ahead(self.records.batches(entry.position or 0, batch_rows)):
            self._take(batch, entry, again=goes_on)
            if self.progress is not None:
                self.progress(Progress(name, batch.reached, total, "rows"))
        self.journal.save()

    @property
    def _numbers_rows(self) -> bool:
        return self.definition.auto_id and not self.keeps_pks

    def _find_out(self, entry: Entry) -> None:
        """Whether the batch that was on its way when the import ended has arrived.

        Where rows have keys it does not matter: they are written again, in place of themselves.
        """
        if entry.is_new:
            self.store.finish(self.definition)  # servers count exactly what is loaded
        count = self.store.count(self.definition.name)
        without = entry.before + entry.rows
        if entry.on_its_way and count == without + entry.on_its_way:
            _arrived(entry)
        elif count != without:
            raise MilvusException(
                message=f"collection {self.definition.name!r} has {count:,} rows, where the journal of the import "
                f"expects {without:,} or {without + entry.on_its_way:,}: others wrote to it, and the rows of "
                f"the import cannot be told from theirs; remove {self.journal.path} to import all rows anew"
            )

    def _take(self, batch: RecordBatch, entry: Entry, *, again: bool) -> None:
        schema = self.definition.engine_schema
        columns = conformed(
            schema,
            batch.rows.columns(schema),
            texts_are_json=self.records.texts_are_json,
            keeps_pks=self.keeps_pks,
        )
        if self.embedding is not None and len(columns):
            columns = self.embedding.filled(columns)
        self._note(batch.refused, entry)
        try:
            self._write(columns, batch, entry, again=again)
        except DataNotMatchException:
            reasons = reasons_of(self.definition, columns, keeps_pks=self.keeps_pks)
            if not reasons:
                raise
            further = [
                Refused(batch.numbers[row], why, shown_row(columns, row))
                for row, why in sorted(reasons.items())
            ]
            self._note(further, entry)
            kept = [row for row in range(len(columns)) if row not in reasons]
            self._write(some_rows(columns, kept), batch, entry, again=again)
        _arrived(entry)

    def _write(self, columns: Columns, batch: RecordBatch, entry: Entry, *, again: bool) -> None:
        entry.on_its_way, entry.reached = len(columns), batch.reached
        self.journal.save()
        if len(columns):
            packed = self.store.packed(self.definition, columns)
            self.store.write(self.definition, None, packed, again=again and not self._numbers_rows)

    def _note(self, refused: Sequence[Refused], entry: Entry) -> None:
        if not refused:
            return
        with self.refusals.open("a", encoding="utf-8") as file:
            for one in refused:
                told = {"line": one.number, "reason": one.reason, "record": one.record}
                file.write(json.dumps(told, ensure_ascii=False, default=repr) + "\n")
            entry.refusals_size = file.tell()
        entry.refused += len(refused)

    def _cut_refusals(self, entry: Entry) -> None:
        """Forget what was noted after the last entry in the journal: those records are read again."""
        if self.refusals.exists():
            with self.refusals.open("r+b") as file:
                file.truncate(entry.refusals_size)


def _arrived(entry: Entry) -> None:
    entry.position = entry.reached
    entry.rows += entry.on_its_way
    entry.on_its_way = 0
    entry.settled = entry.refused, entry.refusals_size
