from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
SECRET_KEY = env("SECRET_KEY")
MODE = env.str("GUARDED_MODE")
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "guarded.urls"
WSGI_APPLICATION = "guarded.wsgi.application"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "pages"]
