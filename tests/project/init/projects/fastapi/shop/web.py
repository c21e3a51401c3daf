from fastapi import FastAPI

app = FastAPI(title="shop")


@app.get("/")
async def home() -> dict[str, str]:
    return {"hello": "from FastAPI"}
