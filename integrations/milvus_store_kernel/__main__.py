"""Jupyter starts the kernel by ``python -m milvus_store_kernel -f CONNECTION_FILE``."""

from __future__ import annotations

from ipykernel.kernelapp import IPKernelApp

from .kernel import MilvusKernel

if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=MilvusKernel)
