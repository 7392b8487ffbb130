"""What the store of llama-index-vector-stores-milvus 1.2.0 lacks, and the tests of ``tests/llamaindex`` that need
it."""

from __future__ import annotations

from typing import Final

LACKING: Final = {
    "close": (
        "test_copies.py::test_a_closed_store_is_not_opened_by_a_copy",
        "test_copies.py::test_options_of_the_client_go_along",
        "test_opening.py::test_closing_the_store_or_a_client_of_it_releases_the_file_for_good",
    ),
    "the dimension of the first nodes": (
        "test_opening.py::test_first_nodes_that_are_refused_leave_no_collection",
        "test_store.py::test_the_first_nodes_tell_the_dimension",
    ),
    "asynchronous calls without its asynchronous client, and with force_flush": (
        "test_async.py::test_a_life_of_awaited_calls",
    ),
    "copies": (
        "test_copies.py::test_arguments_of_from_dict_go_before_those_written_down",
        "test_copies.py::test_a_function_of_the_callers_is_kept_where_it_can_be",
    ),
    "a store in memory": ("test_copies.py::test_a_store_in_memory_says_that_it_cannot_be_copied",),
    "scalar fields that a node may leave out": (
        "test_copies.py::test_a_copy_answers_as_the_store_does",
        "test_filters.py::test_filters_find_what_llama_index_finds[fields]",
        "test_filters.py::test_null_is_asked_for_by_none[fields]",
        "test_store.py::test_scalar_fields_have_types_and_may_be_missing",
    ),
    "filters with NOT, TEXT_MATCH_INSENSITIVE, None, quotes and any key": (
        "test_filters.py::test_filters_find_what_llama_index_finds[metadata]",
        "test_filters.py::test_null_is_asked_for_by_none[metadata]",
    ),
    "ids of documents and nodes that are quoted in filters": (
        "test_queries.py::test_every_mode_keeps_to_filters_documents_and_nodes",
        "test_store.py::test_a_document_is_deleted_with_all_its_nodes",
    ),
    "string_expr beside filters": (
        "test_queries.py::test_a_written_filter_cannot_escape_what_it_is_put_beside",
    ),
    "sparse_top_k and hybrid_top_k": (
        "test_queries.py::test_text_search_ranks_by_words",
        "test_queries.py::test_hybrid_mode_fuses_both",
    ),
    "metadata narrowed to the output_fields of a query": (
        "test_queries.py::test_answers_may_be_limited_to_some_metadata",
    ),
    "checks that a collection fits the store": (
        "test_full_text.py::test_vectors_made_outside_are_not_taken_for_bm25",
        "test_opening.py::test_a_collection_that_is_made_otherwise_is_an_error",
        "test_opening.py::test_what_is_left_out_is_as_the_collection_has_it",
        "test_opening.py::test_a_collection_without_a_dynamic_field_or_with_other_keys_is_an_error",
        "test_opening.py::test_a_collection_that_another_store_makes_later_is_looked_at_too",
        "test_opening.py::test_a_store_that_does_not_fit_releases_the_file",
    ),
    "checks of arguments, in our words": (
        "test_filters.py::test_values_that_an_operator_cannot_take",
        "test_queries.py::test_mmr_prefers_nodes_unlike_each_other",
        "test_queries.py::test_queries_that_cannot_be_answered",
        "test_queries.py::test_sparse_modes_need_sparse_vectors",
        "test_store.py::test_nodes_are_deleted_by_id_and_by_filter",
        "test_store.py::test_nodes_are_read_by_filter",
        "test_store.py::test_arguments_that_do_not_fit",
        "test_store.py::test_a_store_that_keeps_sparse_vectors_only",
    ),
    "a call that changes nothing if it fails": (
        "test_opening.py::test_overwriting_keeps_the_old_nodes_when_the_new_collection_is_refused",
        "test_opening.py::test_an_index_is_not_left_behind_when_the_properties_are_refused",
        "test_store.py::test_the_nodes_of_a_call_are_written_wholly_or_not_at_all",
    ),
    "a collection anew after clear()": ("test_store.py::test_a_cleared_store_is_empty_and_goes_on",),
    "another name for the text": ("test_store.py::test_names_of_fields_are_free",),
    "the metric that is asked for, in the index of a collection that had none": (
        "test_store.py::test_an_existing_collection_gets_its_index",
    ),
    "metadata of types that JSON does not have": (
        "test_store.py::test_metadata_of_other_types_is_written_as_json_has_it_or_names_its_key",
    ),
    "settings of a built-in function": ("test_opening.py::test_a_built_in_function_is_made_of_its_settings",),
}
