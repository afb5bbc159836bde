"""Do hits follow the data set that a query comes from? That gate of `precord gates`, of more.

Usage: python benchmarks/source.py [--cross FOLDER] [--shared ../shared] [--runs runs]

Fold 9 has 256 queries; all 1,764 ECGs of folds 1 to 8 ask here, weights of a cross-validation that
never saw them (benchmarks/setting.py). Prints the tables of docs/results/gates.md.
"""

import argparse
import sys

from setting import add_arguments, open_parts

from precord.evaluate.gates import check_source, to_markdown


def main() -> None:
    """Print one table for each half that asks."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    with open_parts(parser.parse_args()) as parts:
        for part in parts:
            gates = check_source(part.material, part.encoder)
            sys.stdout.write(f"{part.about}:\n\n{to_markdown(gates)}\n")


if __name__ == "__main__":
    main()
