# The bot as a service: `docker build -t wikibot . && docker run -v ./config:/etc/wikibot:ro -v wikibot:/var/lib/wikibot wikibot`
FROM python:3.12-slim AS build
WORKDIR /src
# A wheel, built with requirements/build.txt, over requirements/runtime.txt: no build backend, no embedded wiki, no demo.
COPY script/python.sh script/environments.py script/install script/
COPY requirements/build.txt requirements/runtime.txt requirements/
COPY pyproject.toml README.md CHANGELOG.md LICENSE ./
COPY bot bot
COPY templates templates
COPY config/demo config/demo
RUN PIP_NO_CACHE_DIR=1 script/install /opt/wikibot

FROM python:3.12-slim
# git, ssh-keygen and openssl are needed only where snapshots are kept in a repository, signed or stamped.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git openssh-client openssl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/wikibot --create-home wikibot
COPY --from=build /opt/wikibot /opt/wikibot
ENV PATH=/opt/wikibot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    WIKIBOT_CONFIG=/etc/wikibot/bot.yaml \
    WIKIBOT_STATE=/var/lib/wikibot/state \
    WIKIBOT_SNAPSHOTS__PATH=/var/lib/wikibot/snapshots
USER 10001
WORKDIR /var/lib/wikibot
VOLUME /var/lib/wikibot
STOPSIGNAL SIGTERM
# Unhealthy: the last run of a job failed, or a job is late. What waits for a person is no reason to restart anything.
HEALTHCHECK --interval=2m --timeout=20s --start-period=5m CMD ["wikibot", "status", "--probe"]
ENTRYPOINT ["wikibot"]
CMD ["run"]
