import sys

from rich import print as shown

if __name__ == "__main__":
    shown("report of", *sys.argv[1:])
