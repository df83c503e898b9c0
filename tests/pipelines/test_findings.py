"""What a stopped gate says."""

import pytest

from pipelines.findings import SHOWN, Finding, stop_if


def findings(count):
    return (Finding(f"whiskies.csv, row {row}", "the score is 7", "Write 0 to 4.") for row in range(count))


def test_a_finding_reads_as_where_what_and_mend():
    finding = Finding("whiskies.csv, row 3, Body", "7 is above 4", "Look it up and correct it.")
    assert str(finding) == "whiskies.csv, row 3, Body: 7 is above 4. Look it up and correct it."


def test_nothing_found_stops_nothing():
    stop_if([])
    stop_if(findings(0))


@pytest.mark.parametrize("count", [1, 2, SHOWN])
def test_each_finding_has_a_line(count):
    with pytest.raises(pytest.fail.Exception) as stopped:
        stop_if(findings(count))
    assert str(stopped.value).splitlines() == [str(finding) for finding in findings(count)]


@pytest.mark.parametrize("more", [1, 500])
def test_beyond_a_screenful_the_rest_is_counted(more):
    with pytest.raises(pytest.fail.Exception) as stopped:
        stop_if(findings(SHOWN + more))
    lines = str(stopped.value).splitlines()
    assert lines[:-1] == [str(finding) for finding in findings(SHOWN)]
    assert lines[-1] == f"… and {more} more"


def test_a_stop_shows_no_traceback():
    with pytest.raises(pytest.fail.Exception) as stopped:
        stop_if(findings(1))
    assert stopped.value.pytrace is False
