# The bot as a service: `docker build -t wikibot .`; how to run it is in docs/deploy.md.
# The digest decides, the tag is for readers. To take a newer one: `docker buildx imagetools inspect python:3.13-slim-trixie`.
ARG PYTHON_IMAGE=python:3.13-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
# A wheel, built with requirements/build.txt, over requirements/runtime.txt: no build backend, no embedded wiki, no demo.
COPY script/python.sh script/environments.py script/install script/
COPY requirements/build.txt requirements/runtime.txt requirements/
COPY pyproject.toml README.md CHANGELOG.md LICENSE ./
COPY bot bot
COPY templates templates
COPY config/demo config/demo
# pip goes last: an image is replaced, not upgraded. The byte code is made here, since nobody can write it later.
RUN PIP_NO_CACHE_DIR=1 script/install /opt/wikibot \
    && /opt/wikibot/bin/python -m pip uninstall --quiet --yes pip \
    && /opt/wikibot/bin/python -m compileall -q /opt/wikibot/lib

FROM ${PYTHON_IMAGE}
# git, ssh-keygen and openssl are needed only where files are kept in a repository, snapshots are signed or stamped.
# The pip of the base goes, and ensurepip, which could bring it back. The base comes without byte code.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git openssh-client openssl \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -c 'import glob, shutil, sys, sysconfig; here = sysconfig.get_paths(); \
        [shutil.rmtree(found) for root in {here["purelib"], here["stdlib"]} for name in ("pip", "pip-*", "ensurepip") \
        for found in glob.glob(f"{root}/{name}")]' \
    && rm -f /usr/local/bin/pip* \
    && python3 -m compileall -q "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
    && useradd --no-log-init --user-group --uid 10001 --home-dir /var/lib/wikibot --create-home wikibot
COPY --from=build /opt/wikibot /opt/wikibot
ENV PATH=/opt/wikibot/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
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
