"""The call that shows the tokens of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from milvus_store_lite import DataTypeNotMatchException, ParamError

from ..results import AnalyzeResult
from .calls import Calls, call

if TYPE_CHECKING:
    from milvus_store_lite import Analyzer


class AnalysisCalls(Calls):
    @call
    def run_analyzer(
        self,
        texts: str | list[str],
        analyzer_params: str | dict[str, Any] | None = None,
        with_hash: bool = False,
        with_detail: bool = False,
        collection_name: str | None = None,
        field_name: str | None = None,
        analyzer_names: str | list[str] | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> AnalyzeResult | list[AnalyzeResult]:
        """The tokens that an analyzer makes of ``texts``: a result for one text, a list for a list.

        Args:
            analyzer_params: an analyzer, as a VARCHAR field takes it; None is the standard one.
            with_hash: tokens as dictionaries with their ``hash``, by which Milvus numbers the terms of full text.
            with_detail: tokens as dictionaries with their offsets: ``start_offset`` and ``end_offset`` in bytes of
                UTF-8, ``position`` and ``position_length``.
            collection_name, field_name: use the analyzer of this field instead.
            analyzer_names: which of several that the field has: one name, or one for each text.

        Raises:
            ParamError: the analyzer is not one that Milvus takes, or the field has none.
        """
        given = [texts] if isinstance(texts, str) else texts
        if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
            raise DataTypeNotMatchException(
                message=f"texts must be a str or a list of str, got {type(texts).__name__}: {texts!r:.80}"
            )
        names = _names(analyzer_names, len(given))
        chosen = {
            name: self._analyzer(analyzer_params, collection_name, field_name, name) for name in set(names)
        }
        results = [
            AnalyzeResult.detailed(text, chosen[name].positioned(text))
            if with_detail
            else AnalyzeResult(chosen[name].tokens([text])[0])
            for text, name in zip(given, names, strict=True)
        ]
        if with_hash:
            results = [result.hashed() for result in results]
        return results[0] if isinstance(texts, str) else results

    def _analyzer(
        self,
        params: str | dict[str, Any] | None,
        collection_name: str | None,
        field_name: str | None,
        name: str | None,
    ) -> Analyzer:
        if collection_name is None:
            if name is not None:
                raise ParamError(
                    message=f"analyzer_names are those of a field: name collection and field too, got {name!r}"
                )
            from milvus_store_lite import analyzer

            return analyzer(params)
        if params is not None:
            raise ParamError(message="run_analyzer() takes analyzer_params or a collection's field, got both")
        return self._database.collection(collection_name).analyzer(field_name, name)


def _names(given: object, count: int) -> list[str | None]:
    """The name of an analyzer for each of ``count`` texts."""
    if given is None or isinstance(given, str):
        return [given] * count
    if isinstance(given, list) and len(given) in (1, count) and all(isinstance(name, str) for name in given):
        return given if len(given) == count else given * count
    raise ParamError(
        message=f"analyzer_names must be a name, or one for each of the {count} texts, got {given!r:.80}"
    )
