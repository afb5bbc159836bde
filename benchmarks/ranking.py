"""What re-ranking by the matching head brings, and whether hits follow their source's data set.

Usage: python benchmarks/ranking.py [--cross FOLDER] [--shared ../shared] [--runs runs]

Fold 9 has 256 queries; all 1,764 ECGs of folds 1 to 8 ask here, weights of a cross-validation that
never saw them (benchmarks/setting.py). Prints the tables of docs/decisions/0040-ranking.md.
"""

import argparse
import sys
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from setting import Part, add_arguments, open_parts, table

from precord.evaluate.gates import check_source
from precord.evaluate.protocol import K, per_query
from precord.evaluate.system import system_scores
from precord.metrics import Resamples, top_hits

SAYS = {"without the matching head": 0.0, "the 100 best judged by it": 0.05}
MEASURES = ("class share@10", "weighted Jaccard@10", "nDCG@10", "set P@1")


def main() -> None:
    """Print what the order is worth, then what sources the hits are from."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    values: dict[str, dict[str, list[NDArray[np.float64]]]] = {way: {} for way in SAYS}
    gates, patients = [], list[str]()
    with open_parts(parser.parse_args()) as parts:
        for part in parts:
            patients += part.material.patients
            for way, weight in SAYS.items():
                part.encoder.score_weights = replace(part.encoder.score_weights, matching=weight)
                for name, one in measure(part).items():
                    values[way].setdefault(name, []).append(one)
                found = check_source(part.material, part.encoder)
                gates += [
                    (part.about, way, gate.name, f"{gate.value:+.3f}")
                    for gate in found
                    if gate.bound is not None
                ]
    columns = ("", *MEASURES)
    sys.stdout.write(table(columns, compare(values, Resamples.draw(patients))))
    sys.stdout.write(f"\n{table(('queries', 'order', 'hits', 'found (at most 0.05)'), gates)}")


def measure(part: Part) -> dict[str, NDArray[np.float64]]:
    """Return the (Q, columns) of each measure of the system's ten hits."""
    scores = system_scores(part.material, part.encoder)["precord"]
    found = per_query(part.material.task, top_hits(scores, K))
    return {name: found[name].reshape(len(scores), -1) for name in MEASURES}


def compare(
    values: dict[str, dict[str, list[NDArray[np.float64]]]], resamples: Resamples
) -> list[list[str]]:
    """Return the rows: values of the first way, paired differences of the others from it."""
    (first, base), *others = ((way, _joined(found)) for way, found in values.items())
    rows = [[first, *(f"{resamples.macro(base[name]).value:.3f}" for name in MEASURES)]]
    for way, found in others:
        gaps = [resamples.difference(found[name], base[name]) for name in MEASURES]
        rows.append([way, *(f"{g.value:+.4f} [{g.low:+.4f}, {g.high:+.4f}]" for g in gaps)])
    return rows


def _joined(found: dict[str, list[NDArray[np.float64]]]) -> dict[str, NDArray[np.float64]]:
    """Return each measure of all parts' queries."""
    return {name: np.concatenate(parts) for name, parts in found.items()}


if __name__ == "__main__":
    main()
