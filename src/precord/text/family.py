"""Families of statements: what a clinician means by a word that no single code stands for.

"No infarction" rules out every infarction; "LVH" is met by the voltage criteria too. The
families follow PTB-XL's subclasses (Wagner et al. 2020, table 5) and, for walls, the codes
that name the wall among others.
"""

from collections.abc import Iterable

from precord.statements import STATEMENTS, Superclass

_INFARCTS = frozenset(
    code
    for code, statement in STATEMENTS.items()
    if statement.superclass is Superclass.MI and not code.startswith("INJ")
)
_BUNDLES = frozenset({"CLBBB", "CRBBB", "ILBBB", "IRBBB"})
_HEMIBLOCKS = frozenset({"LAFB", "LPFB"})
_AV_BLOCKS = frozenset({"1AVB", "2AVB", "3AVB"})

FAMILIES: dict[str, frozenset[str]] = {
    "-MI": _INFARCTS,
    "-INJ": frozenset(code for code in STATEMENTS if code.startswith("INJ")),
    "-BBB": _BUNDLES,
    "-HEMI": _HEMIBLOCKS,
    "-AVB": _AV_BLOCKS,
    "-BLOCK": _BUNDLES | _HEMIBLOCKS | _AV_BLOCKS | {"IVCD"},
    "-VH": frozenset({"LVH", "RVH", "VCLVH", "SEHYP"}),
}
"""The families by the name that `terms.csv` gives them."""

_WIDER: dict[str, frozenset[str]] = {
    "ISC_": frozenset(code for code in STATEMENTS if code.startswith("ISC")),
    "LVH": frozenset({"LVH", "VCLVH"}),
    "VCLVH": frozenset({"LVH", "VCLVH"}),
    "AMI": frozenset({"AMI", "ASMI", "ALMI"}),
    "IMI": frozenset({"IMI", "ILMI", "IPMI", "IPLMI"}),
    "LMI": frozenset({"LMI", "ALMI", "ILMI", "IPLMI"}),
    "PMI": frozenset({"PMI", "IPMI", "IPLMI"}),
    "ISCIN": frozenset({"ISCIN", "ISCIL"}),
    "ISCLA": frozenset({"ISCLA", "ISCAL", "ISCIL"}),
    "PRC(S)": frozenset({"PRC(S)", "PVC", "PAC"}),
    "NDT": frozenset({"NDT", "NT_"}),
    "NT_": frozenset({"NDT", "NT_"}),
    "LPR": frozenset({"LPR", "1AVB"}),
}


def widen(statement: str) -> frozenset[str]:
    """Return every code that a word for *statement*, a code or a family, may mean."""
    return FAMILIES.get(statement) or _WIDER.get(statement, frozenset({statement}))


def widen_all(statements: Iterable[str]) -> frozenset[str]:
    """Return the same of several."""
    return frozenset(code for statement in statements for code in widen(statement))
