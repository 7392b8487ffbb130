"""``python -m milvus_store_kernel -f CONNECTION_FILE``: what Jupyter starts."""

from __future__ import annotations

from ipykernel.kernelapp import IPKernelApp

from .kernel import MilvusKernel

if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=MilvusKernel)
