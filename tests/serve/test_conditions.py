"""Which part of a representation of 100 bytes with the tag "a" is sent."""

from __future__ import annotations

import pytest

from hublayer.serve.conditions import Answer, answer

WHOLE = Answer(200, 0, 100)
CASES = [
    ({}, WHOLE),
    ({"range": "bytes=0-9"}, Answer(206, 0, 10)),
    ({"range": "bytes=10-"}, Answer(206, 10, 100)),
    ({"range": "bytes=90-1000"}, Answer(206, 90, 100)),
    ({"range": "bytes=0-0"}, Answer(206, 0, 1)),
    ({"range": "bytes=99-99"}, Answer(206, 99, 100)),
    ({"range": "bytes=-1"}, Answer(206, 99, 100)),
    ({"range": "bytes=-1000"}, Answer(206, 0, 100)),
    ({"range": "Bytes = 5 - 6"}, Answer(206, 5, 7)),
    ({"range": "bytes=100-"}, Answer(416)),
    ({"range": "bytes=-0"}, Answer(416)),
    ({"range": "bytes=100-200"}, Answer(416)),
    # Not valid, so ignored.
    ({"range": "bytes=9-0"}, WHOLE),
    ({"range": "bytes=-"}, WHOLE),
    ({"range": "bytes=a-b"}, WHOLE),
    ({"range": "bytes=٣-"}, WHOLE),
    ({"range": "lines=0-9"}, WHOLE),
    ({"range": "bytes=0-1,5-6"}, WHOLE),
    ({"range": "bytes=" + "9" * 5000 + "-"}, WHOLE),
    ({"range": ""}, WHOLE),
    ({"range": "bytes=0-9", "if-range": '"a"'}, Answer(206, 0, 10)),
    ({"range": "bytes=0-9", "if-range": '"b"'}, WHOLE),
    ({"range": "bytes=0-9", "if-range": 'W/"a"'}, WHOLE),
    ({"range": "bytes=0-9", "if-range": "Sat, 29 Oct 1994 19:43:31 GMT"}, WHOLE),
    ({"if-none-match": '"a"'}, Answer(304)),
    ({"if-none-match": '"x", W/"a"'}, Answer(304)),
    ({"if-none-match": "*"}, Answer(304)),
    ({"if-none-match": '"b"'}, WHOLE),
    ({"if-none-match": "a"}, WHOLE),
    ({"if-none-match": '"a"', "range": "bytes=0-9"}, Answer(304)),
    ({"if-match": '"a"'}, WHOLE),
    ({"if-match": "*"}, WHOLE),
    ({"if-match": '"b"'}, Answer(412)),
    ({"if-match": 'W/"a"'}, Answer(412)),
]


@pytest.mark.parametrize(("headers", "expected"), CASES)
def test_answer(headers, expected):
    assert answer(headers, '"a"', 100) == expected
