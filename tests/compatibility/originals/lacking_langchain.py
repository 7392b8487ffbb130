"""What ``Milvus`` of langchain-milvus 0.4.0 lacks, and the tests of ``tests/langchain`` that need it."""

from __future__ import annotations

from typing import Final

LACKING: Final = {
    "get_by_ids": (
        "test_collections.py::test_documents_of_a_store_with_a_lifetime_expire",
        "test_langchain_tests.py::TestMilvus::test_get_by_ids",
        "test_langchain_tests.py::TestMilvus::test_get_by_ids_async",
        "test_langchain_tests.py::TestMilvus::test_get_by_ids_missing",
        "test_langchain_tests.py::TestMilvus::test_get_by_ids_missing_async",
        "test_langchain_tests.py::TestMilvus::test_add_documents_documents",
        "test_langchain_tests.py::TestMilvus::test_add_documents_documents_async",
        "test_metadata.py::test_metadata_of_any_shape_comes_back_as_it_was",
        "test_metadata.py::test_metadata_comes_back_from_one_json_field_too",
        "test_metadata.py::test_metadata_schema_gives_types[False]",
        "test_metadata.py::test_documents_are_not_changed_by_adding_or_by_the_results_of_searches",
        "test_writing.py::test_adding_an_id_again_replaces_the_document",
        "test_writing.py::test_ids_with_quotes_are_ids_and_not_filters",
    ),
    "for_tenant": (
        "test_failed_calls.py::test_a_bound_store_makes_no_collection_of_another_tenants_documents",
        "test_original.py::test_a_retriever_is_confined_by_its_filter_and_its_tenant",
        "test_several_vectors.py::test_a_tenant_searches_several_fields_too",
        "test_tenants.py::test_a_bound_store_finds_its_tenant_whatever_the_filter",
        "test_tenants.py::test_a_bound_store_writes_reads_and_deletes_inside_its_tenant",
        "test_tenants.py::test_a_bound_store_may_write_the_first_documents",
        "test_tenants.py::test_nobody_is_no_tenant",
        "test_tenants.py::test_nobody_is_no_tenant_before_there_are_documents",
        "test_tenants.py::test_an_empty_text_is_a_tenant_and_that_of_documents_without_one_is_not",
        "test_tenants_apart.py::test_every_call_of_a_store_is_in_the_script",
        "test_tenants_apart.py::test_no_answer_of_a_bound_store_depends_on_the_documents_of_others",
        "test_tenants_apart.py::test_no_score_of_a_bound_full_text_store_depends_on_the_documents_of_others",
    ),
    "documents without the partition key": (
        "test_collections.py::test_names_and_properties_of_a_new_collection_are_kept",
        "test_langchain_page.py::test_every_block_of_the_page_works_in_order",
        "test_original.py::test_col_shows_the_collection_as_it_is_now",
        "test_original.py::test_an_empty_tenant_is_a_tenant_of_its_own",
        "test_tenants.py::test_a_partition_key_goes_with_every_way_to_keep_metadata[arguments1]",
    ),
    "partition keys of numbers, and a check of their type": (
        "test_tenants.py::test_integer_tenants_work_and_zero_is_one_of_them",
        "test_tenants.py::test_a_number_of_numpy_is_a_tenant_and_the_one_that_says_none_is_not",
        "test_tenants.py::test_a_tenant_that_is_no_string_or_integer_is_an_error",
    ),
    "a partition key beside a field for metadata": (
        "test_tenants.py::test_a_partition_key_goes_with_every_way_to_keep_metadata[arguments0]",
    ),
    "ids that it makes up, the ids of documents, and ids that are texts always": (
        "test_collections.py::test_a_collection_is_opened_by_name_in_a_new_store",
        "test_failed_calls.py::test_a_later_call_is_written_wholly_or_not_at_all",
        "test_langchain_tests.py::TestMilvus::test_add_documents_with_existing_ids",
        "test_langchain_tests.py::TestMilvus::test_add_documents_with_existing_ids_async",
        "test_tenants.py::test_a_document_without_tenant_is_in_none_and_its_metadata_stays_as_it_was",
        "test_tenants.py::test_an_empty_text_is_nobodys_where_it_says_so",
        "test_writing.py::test_ids_come_from_the_argument_then_the_document_then_are_made",
        "test_writing.py::test_auto_id_lets_the_database_number_the_documents",
        "test_writing.py::test_upsert_without_ids_goes_by_the_documents_own",
    ),
    "adding as upserting": ("test_writing.py::test_documents_whose_ids_are_made_are_inserted",),
    "embeddings without metadata or ids, and as an array": (
        "test_searching.py::test_opposite_embeddings_have_relevance_zero",
        "test_several_vectors.py::test_embeddings_at_hand_are_one_of_each_kind",
        "test_writing.py::test_embeddings_at_hand_are_stored_as_they_are",
    ),
    "metadata of its own shape in each document where there is no dynamic field": (
        "test_metadata.py::test_without_a_dynamic_field_the_first_metadata_gives_the_types",
        "test_metadata.py::test_an_unknown_key_of_a_typed_collection_is_an_error",
        "test_metadata.py::test_an_unknown_key_in_the_first_documents_leaves_no_collection_behind",
    ),
    "metadata_schema beside a dynamic field": ("test_metadata.py::test_metadata_schema_gives_types[True]",),
    "a dimension from the embedding where vector_schema gives a type": (
        "test_arguments.py::test_lists_of_one_are_taken_as_the_one",
        "test_several_vectors.py::test_parameters_follow_the_names_of_the_fields",
    ),
    "a first call that changes nothing if it fails": (
        "test_collections.py::test_index_types_that_do_not_exist_are_the_clients_error",
        "test_failed_calls.py::test_first_documents_that_are_refused_leave_no_collection",
        "test_failed_calls.py::test_drop_old_keeps_the_old_documents_until_the_new_ones_are_in",
    ),
    "an account of what is stored when a call fails in the middle": (
        "test_failed_calls.py::test_a_server_that_fails_in_the_middle_is_said_to_have_stored_what_came_before",
    ),
    "a view of the collection that notices when another store replaces it": (
        "test_collections.py::test_a_store_sees_that_another_one_has_replaced_its_collection",
    ),
    "checks that a collection fits the store": (
        "test_collections.py::test_another_embedding_dimension_is_an_error_when_adding_and_searching",
        "test_collections.py::test_a_collection_that_does_not_fit_is_an_error_that_says_why",
        "test_collections.py::test_two_vector_fields_are_an_error",
        "test_embedded_texts.py::test_a_collection_that_is_made_otherwise_is_an_error",
        "test_original.py::test_vector_schema_may_give_the_dimension",
        "test_several_vectors.py::test_a_collection_whose_vectors_are_made_otherwise",
        "test_tenants.py::test_another_partition_key_than_the_collection_has_is_an_error",
    ),
    "checks of arguments, in our words": (
        "test_arguments.py::test_arguments_that_are_not_served_or_contradict_each_other",
        "test_arguments.py::test_an_embedding_is_needed",
        "test_embedded_texts.py::test_a_query_by_vector_is_checked",
        "test_embedded_texts.py::test_a_dimension_is_said_once",
        "test_metadata.py::test_a_value_without_a_type_asks_for_a_schema",
        "test_metadata.py::test_a_key_that_is_the_name_of_a_field_is_an_error",
        "test_searching.py::test_rankers_give_documents_other_scores",
        "test_searching.py::test_unknown_search_arguments_are_errors",
        "test_searching.py::test_a_search_argument_that_nobody_knows_is_ignored_with_one_warning",
        "test_several_vectors.py::test_a_store_of_sparse_vectors",
        "test_several_vectors.py::test_rankers_fuse_what_the_fields_find",
        "test_several_vectors.py::test_a_search_by_one_vector_needs_one_embedding",
        "test_writing.py::test_auto_id_says_that_ids_are_not_used",
        "test_writing.py::test_what_cannot_be_added_is_an_error_before_anything_is_written",
        "test_writing.py::test_embeddings_must_be_as_many_as_the_texts",
        "test_writing.py::test_upsert_with_more_ids_than_documents_is_an_error",
        "test_writing.py::test_delete_takes_exactly_one_of_ids_and_filter",
    ),
    "a file where no address is given, and other words for the address": (
        "test_arguments.py::test_wrong_connection_arguments_are_the_clients_error",
        "test_collections.py::test_the_default_file_is_milvus_demo_db",
        "test_original.py::test_older_words_for_the_place_become_a_uri",
        "test_original.py::test_a_place_that_is_not_understood_is_never_the_default_file",
        "test_original.py::test_a_server_that_is_not_there_reminds_of_the_file",
    ),
    "a timeout of a store that makes its collection": (
        "test_arguments.py::test_arguments_without_meaning_for_a_file_are_taken",
    ),
    "answers of upsert and get_pks where there is nothing, and of upsert": (
        "test_async.py::test_a_life_of_a_store_in_coroutines",
        "test_writing.py::test_upsert_replaces_by_id_and_adds_what_goes_beyond",
        "test_writing.py::test_upsert_works_on_a_store_without_a_collection",
        "test_writing.py::test_get_pks_follows_what_was_written_and_deleted",
    ),
    "deleting an empty list of ids": ("test_writing.py::test_delete_goes_by_ids_or_by_a_filter",),
    "asynchronous calls that a subclass changes with the synchronous ones": (
        "test_async.py::test_an_override_changes_the_asynchronous_form_too",
    ),
    "metadata narrowed to some fields": (
        "test_metadata.py::test_search_by_metadata_needs_no_query_and_narrows_the_metadata",
    ),
    "relevance by the metric of a collection that another store made, and without a collection": (
        "test_searching.py::test_relevance_is_one_for_the_text_itself_and_falls_from_there[IP]",
        "test_searching.py::test_relevance_is_one_for_the_text_itself_and_falls_from_there[COSINE]",
        "test_searching.py::test_a_store_without_a_collection_finds_nothing",
    ),
    "filter_params of a search in several fields": (
        "test_several_vectors.py::test_filters_and_parameters_reach_every_field",
    ),
    "calls for one dense field among several": (
        "test_embedded_texts.py::test_a_vector_does_not_say_which_field_it_is_for",
        "test_several_vectors.py::test_full_text_and_meaning_in_one_search",
    ),
    "the field of a built-in function where it is the only one": (
        "test_several_vectors.py::test_full_text_without_any_embedding",
    ),
    "the attribute uri of its client": ("test_several_vectors.py::test_dense_and_sparse_beside_each_other",),
    "a client that is a context manager": (
        "test_collections.py::test_a_collection_made_by_a_client_is_used_with_its_own_names_and_keys",
        "test_original.py::test_documents_without_a_tenant_in_a_file_of_an_earlier_version_stay_so",
    ),
    "parameters in the form of the collection": (
        "test_original.py::test_parameters_are_one_dict_or_a_list_of_one_for_each_vector_field",
    ),
    "an asynchronous client that closes with the client": (
        "test_original.py::test_aclient_is_of_the_same_client_and_closes_with_it",
    ),
    "pickling and deep copies": ("test_original.py::test_a_store_can_be_pickled_and_deep_copied",),
    "hints to what our module does not serve, and the modules of our package": (
        "test_original.py::test_an_attribute_that_is_not_served_names_what_to_use",
        "test_original.py::test_modules_have_the_paths_of_the_original",
        "test_original.py::test_a_name_that_is_not_served_says_what_to_use",
    ),
}
