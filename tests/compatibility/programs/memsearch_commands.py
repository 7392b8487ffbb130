"""memsearch's own command line, on the path that this is given: index notes, ask, change one, ask again."""

import subprocess
import sys
import tempfile
from pathlib import Path

path = sys.argv[1]
memsearch = str(Path(sys.executable).parent / "memsearch")
notes = Path(tempfile.mkdtemp())
options = ["--milvus-uri", path, "--provider", "openai"]


def run(command: str, *arguments: str) -> str:
    done = subprocess.run(
        [memsearch, command, *arguments, *options], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


for name, text in {
    "redis.md": "# Cache\n\nRedis holds the sessions of the shop, for one hour.",
    "deploy.md": "# Deployment\n\nThe shop is deployed with Kubernetes on Tuesdays.",
    "people.md": "# People\n\nAda leads the team of the search engine.",
}.items():
    (notes / name).write_text(text)
run("index", str(notes))
assert "Redis" in run("search", "Which cache holds the sessions?", "--top-k", "1")
(notes / "redis.md").write_text("# Cache\n\nMemcached holds the sessions of the shop now.")
run("index", str(notes))
found = run("search", "Which cache holds the sessions?", "--top-k", "1")
assert "Memcached" in found, found
assert "Redis" not in found, found
assert (
    "3"
    in subprocess.run(
        [memsearch, "stats", "--milvus-uri", path], capture_output=True, text=True, check=True
    ).stdout
)
print("done")
