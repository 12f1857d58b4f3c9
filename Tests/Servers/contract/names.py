"""Object names that break careless clients: each is literal, none is encoded."""

import unicodedata

#: Names that are also paths below a folder, so that a pulled prefix shows them as they are.
PATHS = [
    "plain.txt", "a b.txt", "two  spaces", " leading space", "trailing space ", "a+b.txt", "100%.txt", "%", "%%", "%zz.txt",
    "a%2Fb.txt", "a%20b.txt", "%41.txt", "a%252Fb", "a&b=c.txt", "a=b", "q?x=1.txt", "?", "h#frag.txt", "#", "star*.txt",
    "**", "\\*", "{0}.txt", "{00..03}.txt", "{a,b}", "[x].txt", "(1).txt", "it's.txt", 'quo"te.txt', "back\\slash.txt",
    "a;b.txt", "a:b.txt", "a,b.txt", "a@b.txt", "$HOME", "!bang", "~tilde", "~", "-dash", "--flag=1", "_under_", ".hidden",
    "...", "a..b", "dot.", "|pipe|", "<lt>&amp;gt>.xml", "a^b`c", "null", "café " + unicodedata.normalize("NFC", "é"),
    "café " + unicodedata.normalize("NFD", "é"), "日本語.txt", "кириллица", "עברית", "😀👩‍👩‍👧.txt", "zero\u200bwidth",
    "\u202ertl", "ﬀ ligature", "İstanbul", "ß", "\ufeffbom", "tab\there", "line\nbreak", "\x7fdel",
    "long-" + "l" * 240, "long-ü" + "ü" * 120, "deep/" + "/".join(["d" * 50] * 12) + "/x", "a b/c d/e+f",
    "ä%2F/ö?/ü#", "same", "same.d/same", "upper/CASE", "upper/case", "versionId=1", "uploads", "acl", "1", "0000",
]

#: Names that no folder can hold as they are; each is asked for alone, where the store takes it.
STRANGE = [
    "a//b", "//two", "/one", "./dot", "a/./b", "../up", "a/../b", "a/..", "x/.", "a///c",
]


def url_text(key):
    """The key as an URL of a manifest has to say it: only a star and a brace would mean something else."""
    return key.replace("*", "\\*").replace("{", "\\{")
