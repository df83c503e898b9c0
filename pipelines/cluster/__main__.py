"""`python -m pipelines.cluster`: what the pods of a run do. The compiler writes these calls; nobody types them."""

from __future__ import annotations

import sys

from pipelines.cluster.places import Pod, read_record, read_release, read_step
from pipelines.errors import StillhouseError


def main(what: str, order: str, *digests: str) -> int:
    """Do one part of a run, with the digests of what it needs (`STEP=DIGEST`); 0 where it did what it should."""
    known = dict(digest.split("=", 1) for digest in digests)
    try:
        if what == "execute":
            from pipelines.cluster.execute import execute

            return 0 if execute(read_step(order), known, Pod()) else 1
        if what == "release":
            from pipelines.cluster.release import release

            print(release(read_release(order), known, Pod()))
            return 0
        from pipelines.cluster.record import record

        print(record(read_record(order), Pod()))
    except StillhouseError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
