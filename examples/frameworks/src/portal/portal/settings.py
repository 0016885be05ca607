from pathlib import Path

BASE = Path(__file__).resolve().parents[3]  # the buildout's directory

SECRET_KEY = "for an example alone"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE / "var" / "portal.db"}}
ROOT_URLCONF = "portal.urls"
STATIC_ROOT = BASE / "var" / "static"
