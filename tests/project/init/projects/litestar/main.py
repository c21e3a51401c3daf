from litestar import Litestar, get


@get("/")
async def home() -> dict[str, str]:
    return {"hello": "from Litestar"}


app = Litestar([home])
