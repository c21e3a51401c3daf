import os

from aiohttp import web


async def index(request: web.Request) -> web.Response:
    return web.Response(text="hello from aiohttp")


app = web.Application()
app.router.add_get("/", index)

if __name__ == "__main__":
    web.run_app(app, port=int(os.environ["PORT"]))
