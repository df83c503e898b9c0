"""whisky/places.py."""

import numpy as np
import pytest
from pyproj import Transformer

from whisky import places


def test_a_known_place_comes_out_where_it_is():
    # The Ordnance Survey's own worked example: Caister water tower, 52°39'28.8282" N 1°42'57.8663" E.
    latitude, longitude = places.to_degrees(np.array([651409.903]), np.array([313177.270]))
    assert latitude[0] == pytest.approx(52.6580, abs=2e-4)
    assert longitude[0] == pytest.approx(1.7160, abs=2e-4)


def test_it_agrees_with_the_registered_transformation():
    easting, northing = np.array([138680.0, 327710.0, 345340.0]), np.array([645160.0, 844480.0, 1009260.0])
    expected = Transformer.from_crs(27700, 4326).transform(easting, northing)
    np.testing.assert_allclose(places.to_degrees(easting, northing), expected, atol=2e-4)


REGIONS = {
    "Laphroaig": ((138680, 645160), "Islay"),
    "Bunnahabhain": ((142210, 673170), "Islay"),
    "Isle of Jura": ((152660, 667040), "Islands"),
    "Talisker": ((137950, 831770), "Islands"),
    "Isle of Arran": ((194050, 649950), "Islands"),
    "Highland Park": ((345340, 1009260), "Islands"),
    "Springbank": ((172280, 620910), "Campbeltown"),
    "Auchentoshan": ((247670, 672610), "Lowland"),
    "Glenkinchie": ((344380, 666690), "Lowland"),
    "Glengoyne": ((252810, 682750), "Highland"),
    "Oban": ((185940, 730190), "Highland"),
    "Tomatin": ((279120, 829630), "Highland"),
    "Macallan": ((327710, 844480), "Speyside"),
    "Speyside": ((278740, 800600), "Speyside"),
}


@pytest.mark.parametrize("whisky", REGIONS)
def test_regions(whisky):
    where, region = REGIONS[whisky]
    assert places.region(*where) == region
