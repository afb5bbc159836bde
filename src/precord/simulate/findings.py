"""Which statements can be simulated, which cannot stand together, and plausible sets of them."""

from collections.abc import Collection

import numpy as np

from precord.errors import QueryError
from precord.simulate.infarction import INFARCTS, POSTERIOR
from precord.simulate.pathology import CHANGED_BEATS

RHYTHMS = ("SR", "SBRAD", "STACH", "SARRH", "AFIB", "AFLT", "PACE", "SVTAC")
SINUS = frozenset({"SR", "SBRAD", "STACH", "SARRH"})
_BY_RHYTHM = {"NORM", "PVC", "PAC", "BIGU", "TRIGU", "2AVB", "3AVB", "LVOLT"}
SUPPORTED: frozenset[str] = CHANGED_BEATS | {*RHYTHMS, *_BY_RHYTHM}
"""Codes of the statements that the simulator can draw."""

_NO_P = {"AFIB", "AFLT", "PACE", "SVTAC"}
_ST_T = {"ISC_", "ISCAL", "ISCAN", "ISCAS", "ISCLA", "ISCIN", "ISCIL", "NST_", "STD_"}
_ST_T |= {"INVT", "NDT", "NT_", "LOWT", "DIG", "EL", "STE_"}
_ST_T |= {"INJAS", "INJAL", "INJLA", "INJIN", "INJIL"}
_ECTOPIC = ("PVC", "BIGU", "TRIGU")

# Of each group at most one.
_EXCLUSIVE = (
    frozenset(RHYTHMS),
    frozenset({"CLBBB", "ILBBB", "CRBBB", "IRBBB", "IVCD", "WPW", "PACE"}),
    frozenset({"LAFB", "LPFB", "CLBBB", "ILBBB", "WPW", "PACE", "RVH"}),
    frozenset({"1AVB", "2AVB", "3AVB", "WPW"} | _NO_P),
    frozenset({"LPR", "2AVB", "3AVB", "WPW"} | _NO_P),
    frozenset({"LAO/LAE", "2AVB"} | _NO_P),
    frozenset({"RAO/RAE", "LAO/LAE", "EL", "2AVB", "3AVB"} | _NO_P),
    frozenset({"PAC", "2AVB", "3AVB", "BIGU", "TRIGU"} | _NO_P),
    *(frozenset({code, "SVTAC", "AFLT", "2AVB", "3AVB"}) for code in _ECTOPIC),
    frozenset({"BIGU", "TRIGU", "PACE", "AFIB"}),
    *(frozenset({code, "RVH", "LVOLT", "CLBBB", "PACE", "WPW"}) for code in ("LVH", "VCLVH")),
    frozenset({"ASMI", "AMI", "ALMI", "CLBBB", "ILBBB", "PACE", "WPW", "RVH", *POSTERIOR}),
    frozenset({"IMI", "ILMI", "CLBBB", "ILBBB", "PACE", "WPW", "LPFB", *POSTERIOR}),
    frozenset({"LMI", "ALMI", "ILMI", "AMI", "CLBBB", "ILBBB", "PACE", "WPW", "LPFB", "RVH"}),
    *(frozenset({code, "CRBBB", "IRBBB", "RVH", "LVH", "VCLVH"}) for code in POSTERIOR),
    frozenset({"LMI", "IPLMI"}),
    frozenset({"QWAVE", "CLBBB", "ILBBB", "PACE", "WPW", "LPFB", "RVH"} | INFARCTS),
    frozenset({"DIG", "LNGQT", "SVTAC"}),
    frozenset({"EL", "LNGQT", "SVTAC", "AFLT"}),
    frozenset({"CLBBB", "PACE", "WPW", "RVH"} | _ST_T),
    frozenset({"3AVB", "STACH", "SBRAD", "SARRH"}),
    frozenset({"2AVB", "STACH", "SBRAD", "SARRH"}),
    frozenset({"LNGQT", "SVTAC", "PACE", "CLBBB"}),
)
_WITH_NORMAL = SINUS | {"NORM"}

# Share among the abnormal records, after PTB-XL folds 1 to 8; the rare ones raised, so that
# a few thousand simulated records hold each.
_SHARES = {
    "IMI": 0.20, "ASMI": 0.17, "LVH": 0.16, "NDT": 0.13, "LAFB": 0.12, "ISC_": 0.1, "PVC": 0.09,
    "IRBBB": 0.08, "STD_": 0.07, "VCLVH": 0.06, "1AVB": 0.06, "IVCD": 0.05, "NST_": 0.06,
    "ISCAL": 0.05, "CRBBB": 0.05, "CLBBB": 0.05, "ILMI": 0.04, "LOWT": 0.035, "LAO/LAE": 0.03,
    "PAC": 0.03, "AMI": 0.03, "LPR": 0.025, "INVT": 0.025, "ALMI": 0.025, "ISCIN": 0.02,
    "LMI": 0.018, "LVOLT": 0.02, "ISCIL": 0.016, "LPFB": 0.015, "ISCAS": 0.015, "ISCLA": 0.013,
    "RVH": 0.015, "LNGQT": 0.02, "BIGU": 0.01, "WPW": 0.012, "ILBBB": 0.01, "ISCAN": 0.01,
    "TRIGU": 0.006, "3AVB": 0.012, "2AVB": 0.01, "PMI": 0.01, "IPMI": 0.012, "IPLMI": 0.01,
    "RAO/RAE": 0.015, "DIG": 0.015, "EL": 0.015, "QWAVE": 0.025, "STE_": 0.01, "NT_": 0.03,
    "INJAS": 0.015, "INJAL": 0.015, "INJLA": 0.012, "INJIN": 0.012, "INJIL": 0.012,
}  # fmt: skip
_TOGETHER = {  # how much more often than by chance
    ("LVH", "ISC_"): 5.0, ("LVH", "VCLVH"): 6.0, ("LAFB", "ASMI"): 2.5, ("LAFB", "CRBBB"): 3.0,
    ("CLBBB", "1AVB"): 4.0, ("CLBBB", "LAO/LAE"): 3.0, ("IMI", "ASMI"): 1.5, ("3AVB", "IMI"): 2.0,
}  # fmt: skip
_RHYTHM_SHARES = {
    "SR": 0.65, "SBRAD": 0.045, "STACH": 0.055, "SARRH": 0.035, "AFIB": 0.135, "AFLT": 0.02,
    "PACE": 0.04, "SVTAC": 0.01,
}  # fmt: skip
_NORMAL_SHARE = 0.44
_NORMAL_RHYTHMS = {"SR": 0.89, "SARRH": 0.045, "SBRAD": 0.04, "STACH": 0.025}
_COUNTS = {1: 0.5, 2: 0.3, 3: 0.15, 4: 0.05}  # findings besides the rhythm


def check(statements: Collection[str]) -> frozenset[str]:
    """Return *statements* with what they imply.

    Sinus rhythm is added where no rhythm is named, and the premature ventricular beats that
    bigeminy and trigeminy consist of.

    Raises:
        QueryError: A statement cannot be simulated, or two contradict each other.
    """
    codes = frozenset(statements)
    if unknown := sorted(codes - SUPPORTED):
        raise QueryError(
            f"cannot simulate {unknown[0]!r}; can simulate {' '.join(sorted(SUPPORTED))}"
        )
    if not codes & set(RHYTHMS):
        codes |= {"SR"}
    if codes & {"BIGU", "TRIGU"}:
        codes |= {"PVC"}
    if "NORM" in codes and (beside := sorted(codes - _WITH_NORMAL)):
        raise QueryError(f"NORM contradicts {beside[0]}")
    for group in _EXCLUSIVE:
        if len(both := sorted(codes & group)) > 1:
            raise QueryError(f"{both[0]} contradicts {both[1]}")
    return codes


def draw_statements(rng: np.random.Generator) -> frozenset[str]:
    """Return a plausible set of statements that do not contradict each other."""
    if rng.random() < _NORMAL_SHARE:
        return frozenset({"NORM", _choose(_NORMAL_RHYTHMS, rng)})
    rhythm = _choose(_RHYTHM_SHARES, rng)
    codes = {rhythm}
    wanted = int(rng.choice(list(_COUNTS), p=list(_COUNTS.values())))
    if rhythm not in SINUS:
        wanted -= int(rng.integers(1, 3))  # the rhythm is a finding itself
    for _ in range(wanted):
        weights = {code: _weigh(code, codes) for code in _SHARES}
        if not any(weights.values()):
            break
        codes.add(_choose(weights, rng))
    return check(codes)


def _choose(weights: dict[str, float], rng: np.random.Generator) -> str:
    """Return a key of *weights*, drawn in their proportion."""
    shares = np.cumsum(list(weights.values()))
    return list(weights)[int(np.searchsorted(shares, rng.random() * shares[-1], side="right"))]


def _weigh(code: str, codes: set[str]) -> float:
    """Return how likely *code* joins *codes*; 0 where it is among them or contradicts."""
    joined = codes | {code} | ({"PVC"} if code in {"BIGU", "TRIGU"} else set())
    if code in codes or any(len(joined & group) > 1 for group in _EXCLUSIVE):
        return 0.0
    weight = _SHARES[code]
    for pair, factor in _TOGETHER.items():
        if code in pair and codes & (set(pair) - {code}):
            weight *= factor
    return weight
