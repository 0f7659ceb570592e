# The bot as an image. It runs as a user of its own, writes only to /data, and stops on SIGTERM within ten seconds.
# docs/operating.md explains how to run it. The stand-ins (bot/sandbox) are not in it: .dockerignore leaves them out.
#
# The base image is named by its tag, so that a build has the newest security fixes of Debian and Python 3.13. Who wants
# the same bytes every time adds the digest: `docker buildx imagetools inspect python:3.13-slim` prints it.
FROM python:3.13-slim AS build
COPY requirements.lock /
RUN python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --require-hashes --requirement /requirements.lock
COPY bot /app/bot
COPY locales /app/locales
# Compile now: the running bot cannot write beside its code.
RUN python -m compileall -q /app/bot

FROM python:3.13-slim
LABEL org.opencontainers.image.title="moncreneau-bot" \
    org.opencontainers.image.description="The Telegram bot with which citizens of Guinea book appointments with public offices." \
    org.opencontainers.image.licenses="MIT"
RUN useradd --system --uid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin bot \
    && install --directory --owner=bot --group=bot --mode=0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER bot
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    DATABASE_URL=sqlite+aiosqlite:////data/bot.db \
    HTTP_PORT=8080
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['HTTP_PORT'] + '/healthz', timeout=4)"]
CMD ["python", "-m", "bot", "run"]
