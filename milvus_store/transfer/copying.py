"""``copy``: collections from one store to another, whole, checked, and resumable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from milvus_store_lite import OnProgress, Progress

from ..errors import CollectionExistsError, CollectionNotExistException, ParamError
from .addresses import local_file, open_source, open_target
from .batches import batch_rows
from .definitions import CollectionDefinition
from .journal import Entry, Journal, journal_path
from .reading_ahead import read_ahead
from .stores import Source, Target, Wanted
from .verification import Sample, verify


@dataclass(frozen=True, slots=True)
class PlannedCollection:
    """``refusals``: why the target cannot hold the collection. ``changes``: what is not as in the source."""

    definition: CollectionDefinition
    rows: int
    refusals: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    goes_on: bool = False

    @property
    def name(self) -> str:
        return self.definition.name


@dataclass(frozen=True, slots=True)
class CopiedCollection:
    """``rows``: written in this run and the runs before. ``checked``: rows compared, field by field."""

    name: str
    rows: int
    checked: int
    searched: bool


def copy(
    source: str | Path,
    target: str | Path,
    *,
    collections: Sequence[str] = (),
    overwrite: bool = False,
    dry_run: bool = False,
    source_db: str = "",
    target_db: str = "",
    source_token: str = "",
    target_token: str = "",
    journal: str | Path | None = None,
    progress: OnProgress | None = None,
    planned: Callable[[Sequence[PlannedCollection]], None] = lambda plan: None,
) -> list[CopiedCollection]:
    """Copy collections with all that belongs to them, and check the copy.

    A copy that was broken off goes on where it was when it is called again with the same stores.

    Args:
        source, target: the path of a file or the address of a server; the source may be data of Milvus Lite.
        collections: names; by default all.
        overwrite: replace collections of the target that have these names.
        dry_run: plan, and write nothing.
        source_db, target_db: which of the databases.
        source_token, target_token: ``user:password`` or an API key of a server.
        journal: where to note what is done; by default beside the target.
        planned: called with the plan before anything is written.
        progress: is told how many rows of a collection are copied. If it raises, that ends the copy, which goes on
            when it is called again.

    Raises:
        CollectionExistsError: the target has a collection of this name.
        ParamError: the target cannot hold a collection; the message lists the reasons.
        MilvusException: the check at the end found a difference.
    """
    source, target = str(source), str(target)
    path = journal_path(source, target, beside=local_file(target)) if journal is None else Path(journal)
    reading = open_source(source, source_db, token=source_token)
    try:
        writing = open_target(target, target_db, token=target_token, dry_run=dry_run)
        try:
            book = Journal.open(path, f"{source} {source_db}".strip(), f"{target} {target_db}".strip())
            plan = _plan(reading, writing, book, collections, overwrite=overwrite)
            planned(plan)
            _refuse(plan)
            return [] if dry_run else list(_carried_out(plan, reading, writing, book, progress))
        finally:
            writing.close()
    finally:
        reading.close()


def _plan(
    source: Source, target: Target, journal: Journal, names: Sequence[str], *, overwrite: bool
) -> list[PlannedCollection]:
    known = source.names()
    for name in names:
        if name not in known:
            raise CollectionNotExistException(
                message=f"{source.label} has no collection {name!r}; it has: {', '.join(known) or 'none'}"
            )
    plan = []
    for name in dict.fromkeys(names or known):
        definition = source.definition(name)
        source.require_readable(definition)
        begun = journal.collections.get(name)
        if begun is None and target.has(name) and not overwrite:
            raise CollectionExistsError(
                message=f"{target.label} has a collection {name!r} already: name others, or overwrite it"
            )
        fitted = target.fitted(definition)
        changes = (*_left_behind(source.snapshots(name)), *fitted.changes)
        plan.append(
            PlannedCollection(
                fitted.definition, source.count(name), fitted.refusals, changes, goes_on=begun is not None
            )
        )
    return plan


def _left_behind(snapshots: Sequence[str]) -> Iterator[str]:
    if snapshots:
        yield (
            f"snapshots stay behind: {', '.join(map(repr, snapshots))}; restore_snapshot makes a collection of "
            "one, which is copied like others"
        )


def _refuse(plan: Sequence[PlannedCollection]) -> None:
    reasons = [f"{one.name}: {reason}" for one in plan for reason in one.refusals]
    if reasons:
        raise ParamError(message="the target cannot hold:\n  " + "\n  ".join(reasons))


def _carried_out(
    plan: Sequence[PlannedCollection],
    source: Source,
    target: Target,
    journal: Journal,
    progress: OnProgress | None,
) -> Iterator[CopiedCollection]:
    for one in plan:
        sample = Sample(one.definition)
        entry = _copy_rows(one, source, target, journal, progress, sample)
        target.finish(one.definition)
        verified = verify(source, target, one.definition, sample, entry.rows)
        target.settle(one.definition)
        yield CopiedCollection(one.name, entry.rows, verified.rows, verified.searched)
    journal.remove()


def _copy_rows(
    one: PlannedCollection,
    source: Source,
    target: Target,
    journal: Journal,
    progress: OnProgress | None,
    sample: Sample,
) -> Entry:
    """Copy the rows that are not there yet; returns how far that is, which is the end."""
    definition, state = one.definition, source.state(one.name)
    entry = journal.collections.get(one.name)
    goes_on = entry is not None and entry.state == state and target.has(one.name)
    if entry is None or not goes_on:
        # From the beginning: positions are good for one state of the source.
        if target.has(one.name):
            target.drop(one.name)
        journal.collections[one.name] = entry = Entry(state=state)
        journal.save()
        target.create(definition.taking_pks())
    parts: Sequence[str | None] = definition.partitions or (None,)
    size = batch_rows(definition.engine_schema)
    while entry.part < len(parts):
        partition = parts[entry.part]
        batches = source.batches(definition, Wanted(partition), entry.position, size)
        for batch, packed in read_ahead((one, target.packed(definition, one.columns)) for one in batches):
            # What a run before wrote after its last entry in the journal is written again, in place of itself.
            target.write(definition, partition, packed, again=goes_on)
            sample.take(batch.columns)
            entry.position = batch.position
            entry.rows += len(batch.columns)
            journal.save()
            if progress is not None:
                progress(Progress(one.name, entry.rows, one.rows, "rows"))
        entry.part, entry.position = entry.part + 1, None
        journal.save()
    if not len(sample) and entry.rows:
        sample.take(next(source.batches(definition, Wanted(parts[0]), None, size)).columns)
    return entry
