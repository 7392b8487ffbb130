"""The call that shows what an analyzer makes of texts."""

from __future__ import annotations

from typing import Any

from milvus_store_lite.errors import DataTypeNotMatchException, ParamError
from milvus_store_lite.text import Analyzer, analyzer
from milvus_store_lite.text.fields import field_analyzer

from ..options import check_options
from ..results import AnalyzeResult
from .connection import Connection


class AnalysisCalls(Connection):
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
            with_detail: tokens as dictionaries with their places: ``start_offset`` and ``end_offset`` in bytes of
                UTF-8, ``position`` and ``position_length``.
            collection_name, field_name: use the analyzer of this field instead.

        Raises:
            ParamError: the analyzer is not one that Milvus takes, or the field has none.
        """
        check_options(self.run_analyzer, kwargs)
        if with_hash:
            raise ParamError(message="run_analyzer() on a file has no hashes: terms are numbered, not hashed")
        if analyzer_names is not None:
            raise ParamError(message="run_analyzer() on a file knows no analyzer_names: give analyzer_params")
        given = [texts] if isinstance(texts, str) else texts
        if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
            raise DataTypeNotMatchException(
                message=f"texts must be a str or a list of str, got {type(texts).__name__}: {texts!r:.80}"
            )
        chosen = self._analyzer(analyzer_params, collection_name, field_name)
        if with_detail:
            results = [AnalyzeResult.detailed(text, chosen.positioned(text)) for text in given]
        else:
            results = [AnalyzeResult(tokens) for tokens in chosen.tokens(given)]
        return results[0] if isinstance(texts, str) else results

    def _analyzer(
        self, params: str | dict[str, Any] | None, collection_name: str | None, field_name: str | None
    ) -> Analyzer:
        if collection_name is None:
            return analyzer(params)
        if params is not None:
            raise ParamError(message="run_analyzer() takes analyzer_params or a collection's field, got both")
        schema = self._database.collection(collection_name).describe().schema
        one = schema.by_name.get(field_name or "")
        if one is None or not one.enable_analyzer:
            analyzed = ", ".join(field.name for field in schema.fields if field.enable_analyzer) or "none"
            raise ParamError(
                message=f"field_name must be a field with an analyzer (of '{collection_name}': {analyzed}), "
                f"got {field_name!r}"
            )
        return field_analyzer(one)
