"""What the original lacks: a test that uses it fails."""

from typing import Any

import pytest


def client_arguments(given: Any) -> Any:
    pytest.fail("langchain-milvus has no client_arguments")
