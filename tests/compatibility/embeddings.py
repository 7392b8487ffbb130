"""An embedding service on this machine, in the words of OpenAI's: programs that ask one run without a network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np

_MOST = 1536


def embedding(text: str, size: int = _MOST) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The sum of a random vector for each word: texts that share words are near each other."""
    total = np.zeros(size)
    for word in text.lower().split():
        seed = int.from_bytes(hashlib.sha256(word.strip(".,?!").encode()).digest()[:8], "big")
        total += np.random.default_rng(seed).normal(size=size)
    return (total / (np.linalg.norm(total) or 1)).astype("<f4")


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
        found = [embedding(str(text), asked.get("dimensions") or _MOST) for text in texts]
        if asked.get("encoding_format") == "base64":
            shown = [base64.b64encode(vector.tobytes()).decode() for vector in found]
        else:
            shown = [vector.tolist() for vector in found]
        data = [{"object": "embedding", "index": i, "embedding": one} for i, one in enumerate(shown)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        answer = json.dumps({"object": "list", "model": asked.get("model"), "data": data, "usage": usage})
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def embedding_service() -> Iterator[str]:
    """Its address, while the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
