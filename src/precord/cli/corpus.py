"""`precord corpus qiu2023`: the paper's data set of images and texts."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from precord.cli.encode import BeatStyle, Methods, Seed, parse_methods

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Write data sets that other programs train on.",
)


class Split(StrEnum):
    """What is never divided between training, validation and test."""

    RECORD = "record"
    PATIENT = "patient"


Directory = Annotated[
    Path, typer.Argument(metavar="DIR", exists=False, help="PTB-XL in its official layout.")
]
Out = Annotated[Path, typer.Argument(metavar="OUT", exists=False, help="Folder for the pairs.")]
SplitOption = Annotated[
    Split,
    typer.Option(help="record: as the paper, patients leak; patient: each in one part only."),
]


@app.callback()
def _group() -> None:
    """Write data sets that other programs train on."""


@app.command()
def qiu2023(
    directory: Directory,
    out: Out,
    *,
    split: SplitOption = Split.RECORD,
    style: BeatStyle = BeatStyle.GRID,
    method: Methods = "gaf,rp,mtf",
    seed: Seed = 1,
) -> None:
    """Write the image-text pairs of Qiu et al. 2023 from PTB-XL.

    OUT gets images (224 x 224 PNG), pairs.csv (case, image, text, part, patient,
    superclasses), settings.json and manifest.json. An interrupted run goes on where it
    stopped. Exit status: 0 done, 1 the data set cannot be read or OUT not written, 2 wrong
    usage.
    """
    from precord.cli.terminal import progress, say
    from precord.corpora import open_corpus
    from precord.corpora.ptbxl import PtbXl
    from precord.corpora.qiu2023 import PairSettings, SplitBy, choose_cohort, write_pairs
    from precord.image.qiu2023 import Style

    methods = parse_methods(method)
    open_corpus("ptb-xl", directory)  # refuses a folder that is none
    cohort = choose_cohort(PtbXl(directory, is_low_rate=True).entries())
    settings = PairSettings(SplitBy(split.value), Style(style.value), methods, seed)
    with progress("writing pairs", len(cohort)) as advance:
        n_pairs, refused = write_pairs(cohort, out, settings, advance)
    for refusal in refused:
        say(f"left out: {refusal.case_id}: {refusal.reason}")
    typer.echo(f"{out}: {n_pairs} pairs, {len(refused)} left out")
