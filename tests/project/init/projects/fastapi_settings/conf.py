from fastapi import FastAPI
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    token: str
    port_of_metrics: int
    word: str = "settings"


settings = Settings()
app = FastAPI()


@app.get("/")
def index() -> dict[str, str]:
    return {"hello": f"from {settings.word}"}
