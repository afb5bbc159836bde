"""Statements in a German, English or Swedish report: present, uncertain or negated.

Rules in tables, no model: every finding can be traced to a row of `terms.csv` and a row of
`cues.csv`. A cue reaches the nearest mention before or after it, within its reach and its
clause, and from there along a list ("no ST changes, AF or LBBB"). Words such as "but", "sonst"
and "men" end a clause; so do semicolon and colon.

Sources: NegEx, Chapman et al. 2001, doi:10.1006/jbin.2001.1029 (cues before and after,
pseudo-cues, scope); ConText, Harkema et al. 2009, doi:10.1016/j.jbi.2009.05.002 (words that end
a scope). How often it is right: docs/results/reports.md.

Not read: axis, R progression, strain, rates, and other things for which there is no statement
in `precord.statements`; whether a finding is old or new; comparisons with earlier ECGs.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from precord.statements import STATEMENTS, Superclass
from precord.text.family import FAMILIES
from precord.text.finding import Finding, State
from precord.text.fold import Folded, fold
from precord.text.sentence import split_sentences
from precord.text.term import Cue, Mention, find_cues, find_mentions

_BREAK = re.compile(r"[;:]")
_OR = re.compile(r"(?<!\w)(?:or|nor|oder|noch|eller|bzw|resp)(?!\w)|/")
_AND = re.compile(r"(?<!\w)(?:and|und|och|sowie|samt)(?!\w)|[&+]")
# "No S in V6": where a lead is named, what is denied has been said.
_LEAD = re.compile(r"\b(?:v ?\d|av[lrf]|i{1,3})\b|\)")
_WORD = re.compile(r"\w+")
_STATES = frozenset(State)
# Words between two parts of a list, the joining word included.
MAX_OR_WORDS = 4
MAX_AND_WORDS = 2
MAX_LIST = 12  # parts of a list behind the first


@dataclass(slots=True)
class _Cluster:
    """Mentions that overlap, such as those of "T waves low or inverted", and their cues."""

    start: int
    end: int
    mentions: list[Mention]
    kinds: set[str] = field(default_factory=set)


def parse_report(text: str, *, with_families: bool = False) -> tuple[Finding, ...]:
    """Return what *text* says of each statement, in the order of the text.

    Args:
        text: a report as written, or a phrase such as "no AF"; an edit tail is left out.
        with_families: whether words for a family, such as "infarct", are found too; the
            statement of such a finding is a key of `family.FAMILIES`.

    Returns:
        Findings; a statement named twice is found twice.
    """
    findings: list[Finding] = []
    for start, end in split_sentences(text):
        is_asked = text[end:].lstrip()[:1] == "?"
        for mention, state, folded in _read_sentence(fold(text, start, end), is_asked=is_asked):
            first, last = folded.to_written(mention.start, mention.end)
            words = text[first:last]
            statement = mention.term.statement
            if statement in STATEMENTS or (with_families and statement in FAMILIES):
                findings.append(Finding(statement, state, first, last, words))
    return tuple(sorted(set(findings), key=lambda f: (f.start, f.end, f.statement)))


def present_statements(text: str) -> frozenset[str]:
    """Return the statements that a report says are present, and nowhere says are not."""
    states = {(finding.statement, finding.state) for finding in parse_report(text)}
    present = {statement for statement, state in states if state is State.PRESENT}
    return frozenset(present - {s for s, state in states if state is State.NEGATED})


def _read_sentence(folded: Folded, *, is_asked: bool) -> Iterator[tuple[Mention, State, Folded]]:
    """Yield the mentions in a sentence, each with its state."""
    sentence = folded.text
    clusters = _to_clusters(find_mentions(sentence))
    cues = [cue for cue in find_cues(sentence) if not _is_part(cue, clusters)]
    scope = _Scope(sentence, clusters, [cue for cue in cues if cue.kind == "break"])
    telling = [cue for cue in cues if cue.kind in _STATES]
    for cue in telling:
        scope.apply(cue)
    if is_asked and clusters:
        clusters[-1].kinds.add(State.UNCERTAIN)
    for cluster in clusters:
        for mention in cluster.mentions:
            kinds = cluster.kinds | {c.kind for c in telling if _is_inside(c, mention)}
            yield mention, _join(mention.term.state, kinds), folded


class _Scope:
    """Finds what a cue of a sentence is about, and notes it there."""

    def __init__(self, sentence: str, clusters: Sequence[_Cluster], breaks: Sequence[Cue]) -> None:
        self._sentence = sentence
        self._clusters = clusters
        self._breaks = breaks

    def apply(self, cue: Cue) -> None:
        """Note *cue* in the clusters that it is about."""
        if any(_is_inside(cue, m) for cluster in self._clusters for m in cluster.mentions):
            return
        ahead, behind = self._find_ahead(cue), self._find_behind(cue)
        if "pre" not in cue.direction:
            ahead = None
        if "post" not in cue.direction:
            behind = None
        if ahead is not None and behind is not None:
            right = len(_WORD.findall(self._sentence[cue.end : self._clusters[ahead].start]))
            left = self._sentence[self._clusters[behind].end : cue.start]
            lead = len(_WORD.findall(left)) + left.count(",") - right
            is_ahead = lead > 0 or (lead == 0 and cue.direction == "pre/post")
            ahead, behind = (ahead, None) if is_ahead else (None, behind)
        if ahead is not None:
            self._spread(cue.kind, ahead, 1)
        if behind is not None:
            self._spread(cue.kind, behind, -1)

    def _find_ahead(self, cue: Cue) -> int | None:
        """Return the cluster that *cue* reaches forwards: the next one, before any comma."""
        after = [i for i, c in enumerate(self._clusters) if c.start >= cue.end]
        if not after:
            return None
        gap = self._sentence[cue.end : self._clusters[after[0]].start]
        is_near = len(_WORD.findall(gap)) <= cue.reach and "," not in gap
        is_ended = _LEAD.search(gap) or self._ends_clause(cue.end, self._clusters[after[0]].start)
        return after[0] if is_near and not is_ended else None

    def _find_behind(self, cue: Cue) -> int | None:
        """Return the cluster that *cue* reaches backwards: the last; a comma may come between."""
        before = [i for i, c in enumerate(self._clusters) if c.end <= cue.start]
        if not before:
            return None
        gap = self._sentence[self._clusters[before[-1]].end : cue.start]
        *_, last = gap.split(",")
        is_near = len(_WORD.findall(gap)) <= cue.reach and ("," not in gap or not last.strip())
        is_ended = self._ends_clause(self._clusters[before[-1]].end, cue.start)
        return before[-1] if is_near and not is_ended else None

    def _spread(self, kind: str, at: int, step: int) -> None:
        """Note *kind* in a cluster and in those that a list joins to it."""
        self._clusters[at].kinds.add(kind)
        for _ in range(MAX_LIST):
            following = at + step
            if not 0 <= following < len(self._clusters) or not self._joins(
                min(at, following), step
            ):
                return
            at = following
            self._clusters[at].kinds.add(kind)

    def _joins(self, left: int, step: int) -> bool:
        """Return whether clusters *left* and the next are parts of one list.

        Backwards only "or" joins: in "LBBB and LVH possible" the block is certain. A machine puts
        no word between infarcts, or ischaemia, of several walls.
        """
        gap = self._gap(left)
        if gap is None:
            return False
        if step > 0 and not gap.strip():
            return bool(_families(self._clusters[left]) & _families(self._clusters[left + 1]))
        n_words = len(_WORD.findall(gap))
        if _OR.search(gap):
            return n_words <= MAX_OR_WORDS
        if step < 0:
            return False
        if _AND.search(gap):
            return n_words <= MAX_AND_WORDS
        return "," in gap and n_words <= 1 and self._is_closed(left + 1)

    def _is_closed(self, left: int) -> bool:
        """Return whether the list that goes on behind cluster *left* ends in "or" or "and"."""
        for at in range(left, len(self._clusters) - 1):
            gap = self._gap(at)
            if gap is None or len(_WORD.findall(gap)) > MAX_AND_WORDS:
                return False
            if _OR.search(gap) or _AND.search(gap):
                return True
            if "," not in gap:
                return False
        return False

    def _gap(self, left: int) -> str | None:
        """Return the text between cluster *left* and the next; None if a clause ends there."""
        start, end = self._clusters[left].end, self._clusters[left + 1].start
        return None if self._ends_clause(start, end) else self._sentence[start:end]

    def _ends_clause(self, start: int, end: int) -> bool:
        """Return whether a clause ends between two places."""
        if _BREAK.search(self._sentence, start, end):
            return True
        return any(start <= cue.start and cue.end <= end for cue in self._breaks)


def _to_clusters(mentions: Sequence[Mention]) -> list[_Cluster]:
    """Return sorted *mentions* with those that overlap joined."""
    clusters: list[_Cluster] = []
    for mention in mentions:
        if clusters and mention.start < clusters[-1].end:
            clusters[-1].mentions.append(mention)
            clusters[-1].end = max(clusters[-1].end, mention.end)
        else:
            clusters.append(_Cluster(mention.start, mention.end, [mention]))
    return clusters


def _families(cluster: _Cluster) -> set[str]:
    """Return which of infarct and ischaemia a cluster tells of."""
    codes = {m.term.statement for m in cluster.mentions} & STATEMENTS.keys()
    infarcts = {"MI" for code in codes if STATEMENTS[code].superclass is Superclass.MI}
    return infarcts | {"ISC" for code in codes if code.startswith("ISC")}


def _is_part(cue: Cue, clusters: Sequence[_Cluster]) -> bool:
    """Return whether *cue* is part of a term, as "no" is of "no definite pathology"."""
    return any(
        not m.term.has_gap and m.start <= cue.start and cue.end <= m.end
        for cluster in clusters
        for m in cluster.mentions
    )


def _is_inside(cue: Cue, mention: Mention) -> bool:
    """Return whether *cue* stands between the words of a mention with a gap."""
    return mention.term.has_gap and mention.start < cue.start and cue.end < mention.end


def _join(own: State, kinds: set[str]) -> State:
    """Return the state of a mention: its own, changed by what cues say of it."""
    if State.UNCERTAIN in kinds:
        return State.UNCERTAIN
    return State.NEGATED if State.NEGATED in kinds else own
