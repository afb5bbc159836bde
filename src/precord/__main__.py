"""`python -m precord`: the command line."""

from precord.cli import main

if __name__ == "__main__":
    main()
