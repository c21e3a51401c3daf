from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

app = FastAPI()
app.mount("/shop", StaticFiles(directory="shop/dist"))
app.mount("/", StaticFiles(directory="mail/out"))
