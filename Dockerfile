# One image for the web process, the workers and the migration; see compose.yaml for how they are run.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.txt /tmp/requirements.txt
RUN pip install --requirement /tmp/requirements.txt
WORKDIR /opt/syncadmin
COPY . .
# Static files are collected as production serves them; what it asks for is made up here and stays in this stage.
RUN SYNCADMIN_MODE=production ALLOWED_HOSTS=build DATABASE_URL=postgres://build@build/build \
    SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(50))') \
    CREDENTIAL_KEYS=$(python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())') \
    python manage.py collectstatic --noinput \
 && python -m compileall -q integrations syncadmin

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin syncadmin
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/syncadmin /opt/syncadmin
WORKDIR /opt/syncadmin
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SYNCADMIN_MODE=production
# Code and static files belong to root: the process needs to write nowhere but to /tmp.
USER syncadmin
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "deploy/container/healthy.py"]
CMD ["gunicorn", "syncadmin.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "8", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
