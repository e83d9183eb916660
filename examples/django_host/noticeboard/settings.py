"""As little as Django needs. The server is named by PGHOST, PGPORT, PGUSER and PGPASSWORD."""

import os

SECRET_KEY = os.environ.get("SECRET_KEY", "only for trying it out")
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
INSTALLED_APPS = ["noticeboard"]
MIDDLEWARE = ["noticeboard.middleware.Refusals"]
ROOT_URLCONF = "noticeboard.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["PGDATABASE"],
        "ATOMIC_REQUESTS": True,  # one transaction for each request, yours and ours
    }
}
