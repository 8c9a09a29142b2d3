"""Settings, from the environment set by the launcher or systemd. See docs/operations.md."""

import atexit
import os
import shutil
import sys
import tempfile
from importlib.metadata import distribution
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from consoleapp.accounts import identity_provider

BASE_DIR = Path(__file__).resolve().parent.parent
# pytest-django reads this file before any conftest could set a variable.
TESTING = os.environ.get("BERTH_TESTING") == "1" or "pytest" in sys.modules
DEBUG = os.environ.get("BERTH_DEBUG") == "1"


def _data_dir() -> Path:
    if "BERTH_DATA" in os.environ:
        return Path(os.environ["BERTH_DATA"])
    if TESTING:
        made = Path(tempfile.mkdtemp(prefix="berth-data-"))
        maker = os.getpid()  # forked children must not remove it

        def remove() -> None:
            if os.getpid() == maker:
                shutil.rmtree(made, ignore_errors=True)

        atexit.register(remove)
        return made
    return Path.home() / ".local/share/berth"


def _secret_key() -> str:
    if TESTING and "BERTH_SECRET_KEY_FILE" not in os.environ:
        return "only-for-tests-" * 4
    file = Path(os.environ.get("BERTH_SECRET_KEY_FILE", BERTH_DATA / "secret-key"))
    try:
        key = file.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"cannot read the secret key from {file} ({error.strerror}); bin/serve makes it"
        ) from error
    if len(key) < 32:
        raise ImproperlyConfigured(f"the secret key in {file} is shorter than 32 characters")
    return key


def _words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def _size(name: str, default: str) -> int:
    """Parse a size in bytes. K, M, and G after the number are binary multiples."""
    text = os.environ.get(name, default).strip().upper()
    factor = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1:], 1)
    digits = text.rstrip("KMG")
    if not digits.isdigit():
        raise ImproperlyConfigured(f"{name} must be a size like 500M or 16G, not {text!r}")
    return int(digits) * factor


def _database() -> dict[str, Any]:
    url = os.environ.get("BERTH_DATABASE_URL", "")
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": BERTH_DATA / "db.sqlite3",
            "OPTIONS": {
                # A writing transaction takes the lock at its start, so none fails halfway.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # With WAL, NORMAL can lose the last commits in a power failure, but never
                # consistency.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8000;",
            },
            # A file, so that worker threads of a test use the same database.
            "TEST": {"NAME": BERTH_DATA / "test.sqlite3"},
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured("BERTH_DATABASE_URL must begin with postgresql://")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": dict(parse_qsl(parts.query)),
        "CONN_HEALTH_CHECKS": True,
    }


BERTH_DATA = _data_dir()
BERTH_HOST = os.environ.get("BERTH_HOST", "local")
BERTH_REDIS = os.environ.get("BERTH_REDIS", f"unix://{BERTH_DATA}/redis.sock")
BERTH_ASSETS = Path(os.environ.get("BERTH_ASSETS", BASE_DIR / "node_modules"))
HTTPS = os.environ.get("BERTH_HTTPS") == "1"
# Uploads and downloads: see consoleapp/files.
BERTH_UPLOAD_LIMIT = _size("BERTH_UPLOAD_LIMIT", "16G")
BERTH_UPLOAD_QUOTA = _size("BERTH_UPLOAD_QUOTA", "64G")
# Whether the form offers it. The host's engines decide by the same variable.
BERTH_BUILD_FROM_GIT = os.environ.get("BERTH_BUILD_FROM_GIT") == "1"
BERTH_DISK_RESERVE = _size("BERTH_DISK_RESERVE", "1G")
# Recorded terminals: the largest one, and the total per account. See consoleapp/recordings.
BERTH_RECORDING_LIMIT = _size("BERTH_RECORDING_LIMIT", "100M")
BERTH_RECORDING_QUOTA = _size("BERTH_RECORDING_QUOTA", "20G")

# --- The audit log: what signs it, and where it is sent besides ------------------------------

BERTH_AUDIT_KEY = Path(os.environ.get("BERTH_AUDIT_KEY", BERTH_DATA / "audit-key"))
BERTH_AUDIT_CHECKPOINTS = os.environ.get(
    "BERTH_AUDIT_CHECKPOINTS", str(BERTH_DATA / "audit-checkpoints.jsonl")
)
BERTH_AUDIT_SYSLOG = os.environ.get("BERTH_AUDIT_SYSLOG", "")
BERTH_AUDIT_WEBHOOK = os.environ.get("BERTH_AUDIT_WEBHOOK", "")
BERTH_AUDIT_WEBHOOK_SECRET_FILE = os.environ.get("BERTH_AUDIT_WEBHOOK_SECRET_FILE", "")


def _ports() -> tuple[int, int]:
    text = os.environ.get("BERTH_PORTS", "20000-29999")
    first, dash, last = text.partition("-")
    if not (dash and first.isdecimal() and last.isdecimal()):
        raise ImproperlyConfigured("BERTH_PORTS must be a range such as 20000-29999")
    if not 1024 <= int(first) <= int(last) <= 65535:
        raise ImproperlyConfigured("BERTH_PORTS must lie within 1024-65535")
    return int(first), int(last)


# Host ports for launches from the catalog, unless an account has its own range.
BERTH_PORTS = _ports()
SECRET_KEY = _secret_key()
ALLOWED_HOSTS = _words("BERTH_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _words("BERTH_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "consoleapp.accounts",
    "consoleapp.operations",
    "consoleapp.files",
    "consoleapp.audit",
    "consoleapp.notifications",
    "consoleapp.worker",
    "consoleapp.observer",
    "consoleapp.live",
    "consoleapp.web",
    "consoleapp.api",
    "consoleapp.catalog",
    "consoleapp.policies",
    "consoleapp.recordings",
    "consoleapp.operations.approval",
    "consoleapp.i18n",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "channels",
    "django_htmx",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "consoleapp.web.headers.content_security_policy",
    "consoleapp.api.envelope.Envelope",
    "consoleapp.accounts.sessions.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "consoleapp.i18n.choice.language",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "consoleapp.accounts.sessions.NoteUse",
    "consoleapp.accounts.passwords.ChooseFirst",
    "consoleapp.accounts.second_factor.Demand",
]

ROOT_URLCONF = "consoleapp.urls"
ASGI_APPLICATION = "consoleapp.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "consoleapp.web.template_backend.Pages",
        "NAME": "django",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "consoleapp.web.template_loader.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": [
                "django.templatetags.i18n",
                "consoleapp.i18n.templatetags.languages",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "consoleapp.web.navigation.context",
            ],
        },
    },
]

DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# In the database, so that a lockout after failed sign-ins survives a restart of everything.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "berth_cache",
    }
}


def _networks(name: str) -> list[IPv4Network | IPv6Network]:
    try:
        return [ip_network(word) for word in _words(name) if word != "unix"]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be networks such as 10.1.0.0/16: {error}"
        ) from error


# Proxies whose headers are trusted: see consoleapp/web/proxies.py. `unix`: by a Unix socket.
BERTH_TRUSTED_PROXIES = _networks("BERTH_TRUSTED_PROXIES")
BERTH_TRUSTED_UNIX_PROXY = "unix" in _words("BERTH_TRUSTED_PROXIES")

# --- Who is it -------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "consoleapp.accounts.sign_in.Adapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("account_login")
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    # Five wrong passwords from an address for one name, or thirty in total: accounts/lockout.py.
    "login_failed": "5/10m/key,30/10m/ip",
}


def _identity_provider() -> identity_provider.IdentityProvider | None:
    file = os.environ.get("BERTH_OIDC_FILE", "")
    try:
        return identity_provider.read(Path(file)) if file else None
    except ValueError as error:
        raise ImproperlyConfigured(f"BERTH_OIDC_FILE: {error}") from error


BERTH_IDENTITY_PROVIDER = _identity_provider()
try:
    SOCIALACCOUNT_PROVIDERS = BERTH_IDENTITY_PROVIDER.allauth() if BERTH_IDENTITY_PROVIDER else {}
except OSError as error:
    raise ImproperlyConfigured(f"BERTH_OIDC_FILE: client_secret_file: {error}") from error
SOCIALACCOUNT_ADAPTER = "consoleapp.accounts.single_sign_on.Adapter"
# See consoleapp/web/single_sign_on/views.py.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False
MFA_ADAPTER = "consoleapp.accounts.second_factor.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
# A passkey that verifies its holder (PIN, fingerprint) signs in without a password.
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Berth"
# An unverified address from single sign-on must not prevent a second factor.
MFA_ALLOW_UNVERIFIED_EMAIL = True

# --- Notifications: see docs/notifications.md ------------------------------------------------

# The public address of Berth, for links in messages: https://console.example
BERTH_PUBLIC_URL = os.environ.get("BERTH_PUBLIC_URL", (CSRF_TRUSTED_ORIGINS or [""])[0]).rstrip("/")

# Private, link-local, and loopback networks that webhooks may nevertheless reach.
BERTH_WEBHOOK_NETWORKS = _networks("BERTH_WEBHOOK_NETWORKS")


def _email() -> dict[str, Any]:
    """Return Django's settings of a mail server, from one URL as in BERTH_DATABASE_URL."""
    url = os.environ.get("BERTH_EMAIL_URL", "")
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtp+starttls", "smtps") or not parts.hostname:
        raise ImproperlyConfigured(
            "BERTH_EMAIL_URL must be smtps://USER:PASSWORD@HOST (or smtp+starttls://, smtp://)"
        )
    usual = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or usual[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+starttls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 10,
    }


# Berth only mails notifications and invitations. It has no route to allauth's other mails.
globals().update(_email())
DEFAULT_FROM_EMAIL = os.environ.get("BERTH_EMAIL_FROM", "berth@localhost")

SESSION_COOKIE_NAME = "berth_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_NAME = "berth_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"

# --- What the browser is told ----------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

STATIC_URL = "/static/"
STATIC_ROOT = BERTH_DATA / "static"
# The folders of npm packages that pages use.
VENDOR = (
    *("@fontsource-variable/ibm-plex-sans", "@fontsource/ibm-plex-mono", "@tabler/core/dist/css"),
    *("@tabler/core/dist/js", "@tabler/icons-webfont/dist", "@xterm/xterm/css"),
    *("@xterm/xterm/lib", "@xterm/addon-fit/lib", "uplot/dist"),
)
# Files in these folders that pages do not use. See launch/prepare.py.
BERTH_UNUSED_ASSETS = [
    *("*.map", "*.scss", "*.html", "*.rtl.*", "tabler-[!i]*", "tabler-icons-*"),
    *("tabler*.esm*", "tabler.css", "tabler.js", "tabler-icons.css"),
]
# Swagger UI, of which Ninja brings a copy. As an app it would be loaded by every process.
_NINJA = Path(str(distribution("django-ninja").locate_file("ninja/static/ninja")))
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("ninja", _NINJA),
    *((f"vendor/{name}", BERTH_ASSETS / name) for name in VENDOR if (BERTH_ASSETS / name).is_dir()),
]
# Tests and runserver serve files from their sources, under their own names.
_AS_THEY_LIE = DEBUG or (TESTING and os.environ.get("BERTH_COLLECTED") != "1")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if _AS_THEY_LIE
        else "consoleapp.web.static_files.Storage"
    },
}
WHITENOISE_USE_FINDERS = _AS_THEY_LIE
# Tests create the middleware for each client, and scanning all assets takes a second.
WHITENOISE_AUTOREFRESH = _AS_THEY_LIE
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_MAX_AGE = 3600

# Translations are in locale/. CONTRIBUTING.md explains how to add one, or a language. bin/serve
# compiles them. A language that is not compiled is not offered.
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGES = [("en", "English")] + [
    (code, name)
    for code, name, folder in [("zh-hans", "简体中文", "zh_Hans")]
    if (LOCALE_PATHS[0] / folder / "LC_MESSAGES/django.mo").is_file()
]
FORMAT_MODULE_PATH = ["consoleapp.i18n.formats"]
LANGUAGE_COOKIE_NAME = "berth_language"
LANGUAGE_COOKIE_AGE = 365 * 86_400
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# --- The queue -------------------------------------------------------------------------------

CELERY_BROKER_URL = BERTH_REDIS.replace("unix://", "redis+socket://", 1)
CELERY_TASK_DEFAULT_QUEUE = f"host.{BERTH_HOST}"
# Accept only JSON: a message from a hostile Redis is an id to look up, or nothing at all.
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Remove a message when it is picked up. The row, its lease, and the sweeper guarantee that nothing
# is lost. The broker's own redelivery (after an hour) would only come too late.
CELERY_TASK_ACKS_LATE = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_POOL_LIMIT = 20
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "retry_on_timeout": True,
    # Redis pushes messages to a waiting worker. The worker need not poll every second, nor look for
    # messages that another took and did not acknowledge (the sweeper sends those).
    "polling_interval": 30,
    "unacked_restore_interval": 300,
}
CELERY_WORKER_TIMER_PRECISION = 30
CELERY_TASK_PUBLISH_RETRY = False
# Connections are kept, and dropped when they break: see consoleapp/celery.py.
CELERY_DB_REUSE_MAX = 1_000_000_000
CELERY_ENABLE_UTC = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        # Debug output of these would show parameters of queries and bodies of messages.
        "django.db.backends": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "aiohttp": {"level": "WARNING"},
    },
}
