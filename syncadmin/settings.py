"""All settings, each from one environment variable. `.env.example` says what every variable means and accepts."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import environ
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from syncadmin.environment import Environment
from syncadmin.log_privacy import without_addresses

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

if (BASE_DIR / ".env").is_file():
    environ.Env.read_env(BASE_DIR / ".env")
env = Environment(os.environ)

# --- Which kind of start -----------------------------------------------------------------------------------------

LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
DEMO_SECRET_KEY = "demo-only: everybody who has read the source code knows this key"  # noqa: S105

MODE = env.choice("SYNCADMIN_MODE", "demo", ["demo", "production"])
IN_PRODUCTION = MODE == "production"
# django-q2 forks its workers from a process that has itself used the database.
IN_CLUSTER = "SYNCADMIN_WORKER" in os.environ or sys.argv[1:2] == ["qcluster"]

DEBUG = env.boolean("DEBUG", False)
SECRET_KEY = env.text("SECRET_KEY", None if IN_PRODUCTION else DEMO_SECRET_KEY)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", [] if IN_PRODUCTION else LOOPBACK_HOSTS)

if IN_PRODUCTION:
    if SECRET_KEY == DEMO_SECRET_KEY or len(SECRET_KEY) < 32:
        raise ImproperlyConfigured(
            "SECRET_KEY is the demo's key, or shorter than 32 characters; a production start needs a key of its own. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    if DEBUG:
        raise ImproperlyConfigured("DEBUG is on; accepted with SYNCADMIN_MODE=production is only off.")
    if not ALLOWED_HOSTS:
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS is not set; production needs the host names people type, comma-separated."
        )
elif not set(ALLOWED_HOSTS) <= {*LOOPBACK_HOSTS, "testserver"}:
    # The demo's secrets are public, so the demo may not be reached from elsewhere.
    raise ImproperlyConfigured(
        f"ALLOWED_HOSTS is {','.join(ALLOWED_HOSTS)!r}; accepted in demo mode is only this machine "
        f"({', '.join(LOOPBACK_HOSTS)}). Set SYNCADMIN_MODE=production, and the secrets that it asks for."
    )

# --- Django ------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "integrations.apps.IntegrationsConfig",
    "integrations.apps.SyncAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "axes",
    "simple_history",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
]

MIDDLEWARE = [
    "syncadmin.request_ids.RequestIds",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

ROOT_URLCONF = "syncadmin.urls"
WSGI_APPLICATION = "syncadmin.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = [
    # In this order: the first one ends the attempts of somebody who has tried too often, whatever the password.
    "axes.backends.AxesStandaloneBackend",
    "syncadmin.log_in.PublicPasswordsBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{validator}"}
    for validator in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
# In demo mode files come straight from the packages; production collects, compresses and fingerprints them first.
WHITENOISE_USE_FINDERS = not IN_PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IN_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- The API -----------------------------------------------------------------------------------------------------

_calls = env.integer("API_CALLS_PER_MINUTE", 300, minimum=1, maximum=100_000)
_anonymous_calls = env.integer("API_ANONYMOUS_CALLS_PER_MINUTE", 60, minimum=1, maximum=100_000)
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["integrations.api.parsing.NestedJSONParser"],
    # The first one says how a 401 asks for credentials.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "integrations.api.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["integrations.api.permissions.RolePermission"],
    "DEFAULT_PAGINATION_CLASS": "integrations.api.pagination.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "integrations.api.schema.ApiSchema",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    # Of one web process; with several the limit is as many times as high.
    "DEFAULT_THROTTLE_RATES": {
        "anon": f"{_anonymous_calls}/minute",
        "user": f"{_calls}/minute",
    },
    "EXCEPTION_HANDLER": "integrations.api.problems.problem_response",
    # No ?format=, no OPTIONS that describes: there is one format, and the schema describes it.
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_METADATA_CLASS": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "SyncAdmin",
    "VERSION": "1",
    "DESCRIPTION": (BASE_DIR / "integrations" / "api" / "description.md").read_text(encoding="utf-8"),
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "defaultModelsExpandDepth": 0, "displayRequestDuration": True},
    "ENUM_NAME_OVERRIDES": {
        "RunKind": "integrations.models.RunKind",
        "SectionEnum": "integrations.api.serializers.steps.SECTION_CHOICES",
    },
}

# --- Security ----------------------------------------------------------------------------------------------------

HTTPS = env.boolean("HTTPS", IN_PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 3600 if HTTPS else 0, minimum=0, maximum=63_072_000)
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if HTTPS and host != "*"]
BEHIND_PROXY = env.boolean("BEHIND_PROXY", False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
X_FRAME_OPTIONS = "DENY"
# Whether other hosts of the domain speak HTTPS too, and whether browsers shall be told for good, is for whoever owns
# the domain to say, not for one installation below it.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

SESSION_COOKIE_AGE = 3600 * env.integer("SESSION_HOURS", 12, minimum=1, maximum=720)
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
# Not Strict: people come back from a product's sign-in by a link of that product, and must still be logged in.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# Wrong passwords count for a user name at an address, so that nobody can lock a colleague out from elsewhere.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = env.integer("LOGIN_ATTEMPTS", 5, minimum=1, maximum=100)
AXES_COOLOFF_TIME = timedelta(minutes=env.integer("LOGIN_PAUSE_MINUTES", 15, minimum=1, maximum=1440))
# A try during the pause does not begin it anew: whoever waits as long as the page says can log in.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "syncadmin.log_in.client_address"
AXES_LOCKOUT_TEMPLATE = "admin/locked_out.html"
# Of what is sent with a failed attempt nothing is kept that is, or looks like, a password.
AXES_SENSITIVE_PARAMETERS = ["username", "old_password", "new_password1", "new_password2", "csrfmiddlewaretoken"]
AXES_VERBOSE = False
# A sync step's page sends all its rows at once: six inputs a row, hundreds of rows.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}

# --- Database ----------------------------------------------------------------------------------------------------

STATIC_ROOT.mkdir(parents=True, exist_ok=True)

_database = env.database("DATABASE_URL", f"sqlite:///{quote(str(VAR_DIR / 'syncadmin.sqlite3'))}")
_options: dict[str, Any] = _database.setdefault("OPTIONS", {})
if "sqlite3" in _database["ENGINE"]:
    _database["NAME"] = str(BASE_DIR / _database["NAME"])
    Path(_database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    # IMMEDIATE takes the write lock when a transaction begins: a transaction that reads first and writes later would
    # otherwise fail at once with "database is locked" when another one wrote in between, whatever the time-out.
    _options |= {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        "transaction_mode": "IMMEDIATE",
        "timeout": env.seconds("SQLITE_BUSY_SECONDS", 20, minimum=1, maximum=300),
    }
    if not IN_CLUSTER:
        # Whoever closes the last connection writes the whole log back into the file, at every request if that closes.
        _database["CONN_MAX_AGE"] = 600
else:
    _pool_size = env.integer("DATABASE_POOL_SIZE", 10, minimum=0, maximum=200)
    _options.setdefault("connect_timeout", 10)
    # A pool's sockets and threads do not survive a fork, so cluster processes keep one plain connection each.
    if _pool_size and not IN_CLUSTER:
        _options["pool"] = {"min_size": 1, "max_size": _pool_size, "timeout": 10}
    else:
        _database["CONN_MAX_AGE"] = 600
    _database["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": _database}

# --- Queue -------------------------------------------------------------------------------------------------------

REDIS_URL = env.url("REDIS_URL", "", ("redis", "rediss"))
Q_CLUSTER = {
    "name": "syncadmin",
    "label": "Queue",
    "workers": env.integer("QUEUE_WORKERS", 2, minimum=1, maximum=64),
    # A chunk (SYNC_CHUNK_SECONDS) < timeout, which kills the worker < retry, which delivers the task again.
    # `manage.py check` refuses any other order (syncadmin.E001).
    "timeout": env.integer("QUEUE_TIMEOUT", 300, minimum=10, maximum=7200),
    "retry": env.integer("QUEUE_RETRY", 420, minimum=11, maximum=14_400),
    # A task that raised is not delivered again: the sweeper looks at our own tables and re-enqueues what is unfinished,
    # so a poisoned task cannot go round for ever. A task whose worker died has no result, and is delivered again.
    "ack_failures": True,
    "max_attempts": 0,
    "catch_up": False,
    "poll": 0.2,
    "save_limit": 50,
    # No task waits in a cluster's memory behind a running chunk while another cluster is idle.
    "queue_limit": 1,
    "bulk": 1,
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
}

# --- Syncing -----------------------------------------------------------------------------------------------------

# Fernet keys that encrypt accounts' credentials; the first one encrypts, all of them decrypt.
CREDENTIAL_KEYS = env.words("CREDENTIAL_KEYS")
if not CREDENTIAL_KEYS:
    if IN_PRODUCTION:
        raise ImproperlyConfigured(
            "CREDENTIAL_KEYS is not set; production needs at least one Fernet key, the newest first, comma-separated. "
            "Make one with: python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
        )
    CREDENTIAL_KEYS = [base64.urlsafe_b64encode(hashlib.sha256(SECRET_KEY.encode()).digest()).decode()]

# Whether an account may name a base URL other than its product's own, as the sandbox's is. Such an account sends its
# credentials to whatever address is typed, hence off in production.
ALLOW_OTHER_BASE_URLS = env.boolean("ALLOW_OTHER_BASE_URLS", not IN_PRODUCTION)
# How long one task works on a run before it hands over to the next task.
SYNC_CHUNK_SECONDS = env.integer("SYNC_CHUNK_SECONDS", 60, minimum=1, maximum=3600)
# Seconds after which the work of a worker that gives no sign of life is taken over; it gives one every quarter of that.
SYNC_LEASE_SECONDS = env.integer("SYNC_LEASE_SECONDS", 45, minimum=2, maximum=3600)
# How long a write whose answer was lost is left to take place before it is looked up.
SYNC_SETTLE_SECONDS = env.integer("SYNC_SETTLE_SECONDS", 10, minimum=1, maximum=600)
# The share of every limit that is left for people's other tools.
SYNC_BUDGET_RESERVE_PERCENT = env.integer("SYNC_BUDGET_RESERVE_PERCENT", 20, minimum=0, maximum=90)
# Seconds to connect, and seconds without a byte of the answer.
SYNC_HTTP_TIMEOUT = (
    env.seconds("SYNC_HTTP_CONNECT_SECONDS", 5, minimum=0.1, maximum=60),
    env.seconds("SYNC_HTTP_READ_SECONDS", 30, minimum=0.1, maximum=300),
)

# --- The demo ----------------------------------------------------------------------------------------------------

WEB_PORT = env.port("WEB_PORT", 8000)
SANDBOX_PORT = env.port("SANDBOX_PORT", 8900)
SANDBOX_URL = env.url("SANDBOX_URL", f"http://127.0.0.1:{SANDBOX_PORT}")
DEMO_PASSWORD = env.text("DEMO_PASSWORD", "")

# --- Connecting by signing in (OAuth 2) --------------------------------------------------------------------------

PIPEDRIVE_CLIENT_ID = env.text("PIPEDRIVE_CLIENT_ID", "")
PIPEDRIVE_CLIENT_SECRET = env.text("PIPEDRIVE_CLIENT_SECRET", "")
if bool(PIPEDRIVE_CLIENT_ID) != bool(PIPEDRIVE_CLIENT_SECRET):
    raise ImproperlyConfigured("PIPEDRIVE_CLIENT_ID and PIPEDRIVE_CLIENT_SECRET go together; only one of them is set.")
# Without an app of its own, the demo signs in at the sandbox, whose app everybody knows.
_is_sandbox_app = not PIPEDRIVE_CLIENT_ID and ALLOW_OTHER_BASE_URLS and not IN_PRODUCTION
if _is_sandbox_app:
    PIPEDRIVE_CLIENT_ID, PIPEDRIVE_CLIENT_SECRET = "sandbox-client", "sandbox-secret"
PIPEDRIVE_OAUTH_URL = env.url(
    "PIPEDRIVE_OAUTH_URL", f"{SANDBOX_URL}/pipedrive" if _is_sandbox_app else "https://oauth.pipedrive.com"
)
if PIPEDRIVE_OAUTH_URL != "https://oauth.pipedrive.com" and not ALLOW_OTHER_BASE_URLS:
    raise ImproperlyConfigured(
        "PIPEDRIVE_OAUTH_URL is not https://oauth.pipedrive.com, and would be sent the app's client secret; another "
        "address is only accepted with ALLOW_OTHER_BASE_URLS."
    )
# Product to its app. Products that are missing, or whose client id is empty, are connected by key only.
OAUTH_APPS = {
    "pipedrive": {
        "client_id": PIPEDRIVE_CLIENT_ID,
        "client_secret": PIPEDRIVE_CLIENT_SECRET,
        "url": PIPEDRIVE_OAUTH_URL,
    },
}

# --- Telling people, and being watched ---------------------------------------------------------------------------

# Where people reach this installation, for links in messages.
PUBLIC_URL = env.url("PUBLIC_URL", "")
_email = env.email("EMAIL_URL", "" if IN_PRODUCTION else "consolemail:")
EMAIL_IS_SET_UP = bool(_email)
EMAIL_BACKEND = _email.get("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend")
EMAIL_HOST, EMAIL_PORT = _email.get("EMAIL_HOST") or "", _email.get("EMAIL_PORT") or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email.get("EMAIL_HOST_USER") or "", _email.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _email.get("EMAIL_USE_TLS", False), _email.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "syncadmin@localhost")
# Asked for by /metrics as a bearer token. Empty: only this machine may read them.
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
if METRICS_TOKEN and len(METRICS_TOKEN) < 16:
    raise ImproperlyConfigured("METRICS_TOKEN is shorter than 16 characters, so that it could be guessed.")

# --- Logging -----------------------------------------------------------------------------------------------------

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR"])
LOG_FORMAT = env.choice("LOG_FORMAT", "json" if IN_PRODUCTION else "console", ["console", "json"])

_log_processors: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_log_renderer: list[structlog.typing.Processor] = (
    [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    if LOG_FORMAT == "json"
    # Its default prints the local variables of every frame, secrets among them.
    else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
)
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_log_processors,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _log_processors,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_log_renderer,
                without_addresses,
            ],
        },
    },
    "filters": {"hooks": {"()": "syncadmin.log_filters.HideHookSecrets"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured", "filters": ["hooks"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handlers would print its records a second time, in another format, or mail them.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "propagate": True, "filters": ["hooks"]},
        "django.request": {"filters": ["hooks"]},
        # It tells the path of every call, and of some addresses that is the secret: a chat's webhook, say.
        "urllib3": {"level": "INFO"},
        # Every log-in, which is in its table.
        "axes": {"level": "WARNING"},
        # It tells three lines about every task, and there is a heartbeat every few seconds.
        "django-q": {"level": "DEBUG" if LOG_LEVEL == "DEBUG" else "WARNING"},
    },
}
