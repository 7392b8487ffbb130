"""A Jupyter kernel for the statements of Milvus, on a file or on a server.

``python -m milvus_store_kernel.install`` makes it known to Jupyter.
"""

from typing import Final

from milvus_store.extras import require_extra

_NEEDED: Final = ("ipykernel", "jupyter_client", "lark")

# Every entry point imports this module first. The modules are imported where they are used.
for _module in _NEEDED:
    require_extra(_module, "Jupyter kernels")
