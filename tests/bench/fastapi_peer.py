"""The same endpoint as one would write it in FastAPI: typed parameters, a response model, the same engine.

It has neither our metrics nor our access log, so the comparison is in its favour.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel

from pipelines.serving import recommender

model = recommender.load(Path(os.environ["STILLHOUSE_BENCH_MODEL"]))
app = FastAPI()


class Neighbour(BaseModel):
    whisky: str
    distance: float


class Recommendation(BaseModel):
    whisky: str
    neighbours: list[Neighbour]
    model: str


@app.get("/recommend")
async def recommend(
    whisky: Annotated[str, Query(min_length=1, max_length=100)],
    n: Annotated[int, Query(ge=1, le=20)] = 5,
) -> Recommendation:
    row = model.names.find(whisky)
    if row is None:
        raise HTTPException(404, {"suggestions": model.names.suggest(whisky)})
    neighbours = [
        Neighbour(whisky=model.items[other], distance=round(distance, 6))
        for other, distance in model.neighbours.of_item(row, n)
    ]
    return Recommendation(whisky=model.items[row], neighbours=neighbours, model=model.version)
