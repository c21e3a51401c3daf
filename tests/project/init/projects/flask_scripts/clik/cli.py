import click


@click.group()
def cli() -> None:
    pass


@cli.command()
@click.argument("name")
@click.argument("times", type=int)
def hi(name: str, times: int) -> None:
    click.echo(" ".join([name] * times))
