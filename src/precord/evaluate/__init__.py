"""How well real ECGs find their likes: the protocol, its baselines, tables and plots."""

from precord.evaluate.run import run

__all__ = ["run"]
