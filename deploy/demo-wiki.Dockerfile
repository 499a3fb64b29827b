# The embedded wiki for `--profile demo` of compose.yaml, with the demo of the bot. Public passwords: never for real pages.
ARG PYTHON_IMAGE=python:3.13-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285
FROM ${PYTHON_IMAGE}
WORKDIR /src
COPY requirements/demo.txt requirements/
RUN python3 -m venv /opt/demo && /opt/demo/bin/python -m pip install --no-cache-dir --no-deps --require-hashes -r requirements/demo.txt
COPY pyproject.toml README.md CHANGELOG.md LICENSE ./
COPY bot bot
COPY templates templates
COPY config/demo config/demo
COPY wikiserver wikiserver
RUN /opt/demo/bin/python -m pip install --no-cache-dir --no-deps --no-index --no-build-isolation . ./wikiserver \
    && useradd --no-log-init --user-group --uid 10001 --home-dir /var/lib/wiki --create-home wiki
ENV PATH=/opt/demo/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
WORKDIR /var/lib/wiki
VOLUME /var/lib/wiki
ENTRYPOINT ["wikibot"]
CMD ["wiki", "serve", "--host", "0.0.0.0", "--i-know", "--db", "wiki.db", "--base-url", "http://127.0.0.1:8090"]
