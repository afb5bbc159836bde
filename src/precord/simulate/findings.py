"""Which statements can be simulated, which cannot stand together, and plausible sets of them."""

from collections.abc import Collection

import numpy as np

from precord.errors import QueryError
from precord.simulate.anatomy import CHANGED_BEATS

RHYTHMS = ("SR", "SBRAD", "STACH", "SARRH", "AFIB", "AFLT", "PACE", "SVTAC")
SINUS = frozenset({"SR", "SBRAD", "STACH", "SARRH"})
SUPPORTED: frozenset[str] = CHANGED_BEATS | {*RHYTHMS, "NORM", "PVC", "PAC", "BIGU", "3AVB"}
"""Codes of the statements that the simulator can draw."""

# Of each group at most one.
_EXCLUSIVE = (
    frozenset(RHYTHMS),
    frozenset({"CLBBB", "CRBBB", "IRBBB", "WPW", "PACE"}),
    frozenset({"LAFB", "LPFB", "CLBBB", "WPW", "PACE", "RVH"}),
    frozenset({"1AVB", "3AVB", "AFIB", "AFLT", "PACE", "SVTAC", "WPW"}),
    frozenset({"LPR", "3AVB", "AFIB", "AFLT", "PACE", "SVTAC", "WPW"}),
    frozenset({"LAO/LAE", "AFIB", "AFLT", "PACE", "SVTAC"}),
    frozenset({"PAC", "AFIB", "AFLT", "PACE", "SVTAC", "3AVB", "BIGU"}),
    frozenset({"PVC", "SVTAC", "AFLT", "3AVB"}),
    frozenset({"BIGU", "SVTAC", "AFLT", "3AVB", "PACE", "AFIB"}),
    frozenset({"LVH", "VCLVH", "RVH", "LVOLT", "CLBBB", "PACE", "WPW"}),
    frozenset({"ASMI", "AMI", "ALMI", "CLBBB", "PACE", "WPW", "RVH"}),
    frozenset({"IMI", "ILMI", "CLBBB", "PACE", "WPW", "LPFB"}),
    frozenset(
        {"ISC_", "ISCAL", "ISCIN", "NST_", "STD_", "INVT", "NDT", "LOWT", "LVH", "CLBBB"}
        | {"PACE", "WPW", "RVH"}
    ),
    frozenset({"3AVB", "STACH", "SBRAD", "SARRH"}),
    frozenset({"SVTAC", "LNGQT"}),
    frozenset({"LNGQT", "PACE", "CLBBB"}),
)
_WITH_NORMAL = SINUS | {"NORM"}

# Share among the abnormal records; roughly those of PTB-XL folds 1 to 8, the rare ones raised.
_SHARES = {
    "IMI": 0.10, "ASMI": 0.10, "AMI": 0.03, "ALMI": 0.03, "ILMI": 0.03, "LVH": 0.11,
    "VCLVH": 0.03, "RVH": 0.02, "LAO/LAE": 0.03, "CLBBB": 0.05, "CRBBB": 0.05, "IRBBB": 0.07,
    "LAFB": 0.09, "LPFB": 0.02, "WPW": 0.02, "1AVB": 0.07, "3AVB": 0.02, "ISC_": 0.07,
    "ISCAL": 0.06, "ISCIN": 0.02, "NST_": 0.05, "STD_": 0.05, "NDT": 0.08, "INVT": 0.03,
    "LOWT": 0.03, "LVOLT": 0.02, "LNGQT": 0.03, "PVC": 0.08, "PAC": 0.04, "BIGU": 0.01,
}  # fmt: skip
_RHYTHM_SHARES = {
    "SR": 0.66, "SBRAD": 0.06, "STACH": 0.07, "SARRH": 0.04, "AFIB": 0.1, "AFLT": 0.025,
    "PACE": 0.03, "SVTAC": 0.015,
}  # fmt: skip
_NORMAL_SHARE = 0.4


def check(statements: Collection[str]) -> frozenset[str]:
    """Return *statements* with sinus rhythm added where no rhythm is named.

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
    if "NORM" in codes and (beside := sorted(codes - _WITH_NORMAL)):
        raise QueryError(f"NORM contradicts {beside[0]}")
    for group in _EXCLUSIVE:
        if len(both := sorted(codes & group)) > 1:
            raise QueryError(f"{both[0]} contradicts {both[1]}")
    return codes


def draw_statements(rng: np.random.Generator) -> frozenset[str]:
    """Return a plausible set of statements that do not contradict each other."""
    if rng.random() < _NORMAL_SHARE:
        sinus = rng.choice(["SR", "SBRAD", "STACH", "SARRH"], p=[0.82, 0.07, 0.04, 0.07])
        return frozenset({"NORM", str(sinus)})
    names = list(_RHYTHM_SHARES)
    shares = np.array(list(_RHYTHM_SHARES.values()))
    rhythm = str(rng.choice(names, p=shares / shares.sum()))
    codes = {rhythm}
    findings = list(_SHARES)
    weights = np.array(list(_SHARES.values()))
    wanted = int(rng.choice([0, 1, 2, 3], p=[0.1, 0.42, 0.33, 0.15]))
    if rhythm in SINUS:
        wanted = max(wanted, 1)
    for code in rng.choice(findings, len(findings), replace=False, p=weights / weights.sum()):
        if wanted == 0:
            break
        if all(len((codes | {str(code)}) & group) <= 1 for group in _EXCLUSIVE):
            codes.add(str(code))
            wanted -= 1
    return frozenset(codes)
