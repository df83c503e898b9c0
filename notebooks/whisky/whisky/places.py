"""Where the distilleries are: grid references to degrees, and the region on the label.

The raw file's headers say Latitude and Longitude, but what stands below them are metres east and north on the
Ordnance Survey's grid.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

Numbers = npt.NDArray[np.float64]

# EPSG:27700 to EPSG:4326 by the Ordnance Survey's seven published parameters (good to 5 m). Spelt out, because
# "EPSG:27700" gives other digits on a machine that happens to have the finer grid files.
TO_DEGREES = """
    +proj=pipeline
    +step +inv +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy
    +step +proj=push +v_3
    +step +proj=cart +ellps=airy
    +step +proj=helmert +x=446.448 +y=-125.157 +z=542.06 +rx=0.15 +ry=0.247 +rz=0.842 +s=-20.489
          +convention=position_vector
    +step +inv +proj=cart +ellps=WGS84
    +step +proj=pop +v_3
    +step +proj=unitconvert +xy_in=rad +xy_out=deg
"""

# Scotland on the grid, islands included, in metres: (least, most).
EASTING = (50_000, 470_000)
NORTHING = (530_000, 1_220_000)

# The line between Highland and Lowland as the trade draws it: Greenock, Strathblane, Dundee.
HIGHLAND_LINE = ((200_000, 676_000), (252_810, 680_000), (340_000, 730_000))

# Boxes (west, south, east, north) in metres; the first that holds a distillery names its region.
REGIONS = (
    ("Islay", (110_000, 635_000, 148_000, 682_000)),
    ("Campbeltown", (160_000, 600_000, 182_000, 640_000)),
    ("Islands", (50_000, 635_000, 176_000, 960_000)),  # Jura, Mull, Skye, and the Hebrides
    ("Islands", (180_000, 615_000, 210_000, 658_000)),  # Arran
    ("Islands", (300_000, 980_000, 470_000, 1_220_000)),  # Orkney and Shetland
    ("Speyside", (295_000, 822_000, 351_000, 868_000)),
    ("Speyside", (270_000, 795_000, 285_000, 805_000)),  # the river's upper end, Kingussie
)


def to_degrees(easting: Numbers, northing: Numbers) -> tuple[Numbers, Numbers]:
    """(latitude, longitude) in degrees (WGS 84), to four places or about 10 m, of grid references in metres."""
    longitude, latitude = _transformer().transform(easting, northing)
    return np.round(latitude, 4), np.round(longitude, 4)


def region(easting: float, northing: float) -> str:
    """The whisky region of a grid reference in metres: by box where there is one, else by the Highland line."""
    for name, (west, south, east, north) in REGIONS:
        if west <= easting <= east and south <= northing <= north:
            return name
    eastings, northings = zip(*HIGHLAND_LINE, strict=True)
    return "Highland" if northing >= np.interp(easting, eastings, northings) else "Lowland"


@cache
def _transformer() -> Transformer:
    return Transformer.from_pipeline(TO_DEGREES)
