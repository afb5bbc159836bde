"""Fetching a published data set: what belongs to it, and how it comes over an unsteady line."""

from precord.fetch.ptbxl import PTBXL_URL, Rates, list_ptbxl
from precord.fetch.run import Fetched, fetch_all, open_client
from precord.fetch.transfer import Download, Patience

__all__ = [
    "PTBXL_URL",
    "Download",
    "Fetched",
    "Patience",
    "Rates",
    "fetch_all",
    "list_ptbxl",
    "open_client",
]
