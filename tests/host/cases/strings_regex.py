"""Cases of hublayer.host.strings_regex: patterns that are sets of characters, and all others."""

from lowering.case import Case

from host.collect import strings, text
from host.texts import CUBE, GRID, HARD, NONE, RANDOM

PUNCTUATION = r"""[!"#$%&()\*\+,-\./:;<=>?@\[\\\]^_`{|}~\']"""
PATTERNS = [
    "a",
    "[a-z]",
    "[^a-z]",
    ".",
    "(?s).",
    "(?i)k",
    "(?i)s",
    r"\b",
    r"\B",
    "",
    "a*",
    "(a)(b)?",
    r"\pL",
    r"\PL+",
    r"[\p{Han}]",
    "[éa]",
    r"[^\x00-\x7F]",
    r"\s+",
    r"\S",
    "^",
    "$",
    "(?m)^",
    r"\C",
    r"\w+",
    r"\W+",
    "[[:punct:]]",
    "[[:^alpha:]]",
    "é|中",
    r"\x{fffd}",
    r"[\x{80}-\x{ff}]",
    "(.)(.)",
    "^a",
    "a$",
    "(?s).*",
    r"\d*",
    r"\QA.",
    "(|a)+",
    PUNCTUATION,
    "X+",
    "a|b|\\.|X",
    "[^]a]",
    "[]a]",
    "[^^]",
    "(X)|a",
    "(^a|a)(.)?",
    r"\p{L}|\s",
    "(a)(b)?(c)?(d)?(e)?(f)?(g)?(h)?(.)",
    "..",
    "a||b",
    "[ aX]+",
]
REWRITES = ["", "-", r"\0\0", r"[\1]", r"\2", "é", r"x\q", "x\\", r"\\1", r"<\9\8>", "a\n\\0"]
MIXED = RANDOM[:60]

CASES = [
    *(
        Case(
            "StaticRegexReplace",
            (MIXED,),
            {"pattern": pattern, "rewrite": rewrite, "replace_global": everywhere},
            f"{pattern!r}-{rewrite!r}-{everywhere}",
        )
        for number, pattern in enumerate(PATTERNS)
        for rewrite in dict.fromkeys(("", REWRITES[number % len(REWRITES)], REWRITES[(number * 5 + 1) % len(REWRITES)]))
        for everywhere in (True, False)
    ),
    *(
        Case("StaticRegexReplace", (RANDOM,), {"pattern": p, "rewrite": ""}, f"many-{p}")
        for p in (PUNCTUATION, "[^a-z ]", r"\W+")
    ),
    *(
        Case("StaticRegexReplace", (x,), {"pattern": p, "rewrite": r}, f"{name}-{p}-{r}")
        for name, x in (
            ("hard", HARD),
            ("cube", CUBE),
            ("none", NONE),
            ("scalar", text("a, b")),
            ("ascii", strings("a-b", "", "!?a")),
        )
        for p, r in (("[[:punct:] ]", ""), ("[[:punct:] ]+", " "), (r"\s+|x", "_"), ("(.)b", r"\1"), ("[^a]", "y"))
    ),
    Case("RegexReplace", (GRID, text("[ab]"), text(b"<\\0\xff>"))),
    Case("RegexReplace", (HARD, text("[^ -~]"), text("")), {"replace_global": False}, "first"),
    *(Case("StaticRegexFullMatch", (MIXED,), {"pattern": p}, p) for p in PATTERNS),
    Case("StaticRegexFullMatch", (CUBE,), {"pattern": r"\w*"}, "cube"),
    Case("RegexFullMatch", (HARD, text(r"(?s)\pL.*"))),
    Case("RegexFullMatch", (NONE, text("a")), name="none"),
]
