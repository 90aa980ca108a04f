# syntax=docker/dockerfile:1

# The models that read faxes, scans and photographs, as they come from the Python Package Index; gendan knows their hashes.
FROM python:3.13-slim-bookworm AS models
RUN pip download --no-cache-dir --no-deps --dest /models rapidocr==3.10.0

# Builds gendan. The compiler is the one of rust-version in Cargo.toml.
FROM rust:1.95-bookworm AS build
WORKDIR /src

# The dependencies alone, in a layer that holds as long as Cargo.lock does.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src tests/it \
    && echo 'fn main() {}' >src/main.rs \
    && touch src/lib.rs tests/it/main.rs \
    && cargo build --release --locked

# The program, with what is compiled into it.
COPY config config
COPY schemas schemas
COPY migrations migrations
COPY tests/samples tests/samples
COPY src src
RUN touch src/main.rs src/lib.rs \
    && cargo build --release --locked --bin gendan \
    && install -D --strip target/release/gendan /out/gendan
COPY --from=models /models /models
RUN GENDAN_RECOGNITION__MODELS=/out/models /out/gendan models fetch --from /models/rapidocr-3.10.0-py3-none-any.whl

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="gendan" \
      org.opencontainers.image.description="Turns purchase orders that customers mail and fax into reviewed orders and instructions" \
      org.opencontainers.image.licenses="Apache-2.0"

# The certificates that mailboxes, mail servers and brokers are checked with. A rebuild takes the newest: no version is named.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 gendan \
    && useradd --uid 10001 --gid gendan --home-dir /var/lib/gendan --shell /usr/sbin/nologin gendan \
    && install -d -o gendan -g gendan -m 0750 /var/lib/gendan

COPY --from=build /out/gendan /usr/local/bin/gendan
COPY --from=build /out/models /usr/share/gendan/models
COPY packaging/docker/gendan.toml /etc/gendan/gendan.toml
COPY LICENSE /usr/share/doc/gendan/LICENSE

# Nothing is written outside the volume, so that the root file system can be read-only.
ENV GENDAN_DIR=/var/lib/gendan \
    GENDAN_CONFIG=/etc/gendan/gendan.toml \
    GENDAN_RECOGNITION__MODELS=/usr/share/gendan/models \
    GENDAN_LOG=info
VOLUME /var/lib/gendan
WORKDIR /var/lib/gendan
EXPOSE 8080
# By number, so that an orchestrator can tell that it is not root.
USER 10001:10001
# gendan ends on it when what it has in hand is done.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 CMD ["gendan", "health"]
ENTRYPOINT ["gendan"]
CMD ["run"]
