import sys

from rich.console import Console
from rich.table import Table


def main() -> None:
    table = Table("word", "letters")
    for word in sys.argv[1:]:
        table.add_row(word, str(len(word)))
    Console(width=40).print(table)
