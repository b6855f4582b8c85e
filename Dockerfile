# syntax=docker/dockerfile:1
# The executable `pushledger` and the libraries that it needs, nothing else.
#
#   docker build --tag pushledger .
#   docker run --rm pushledger --help

FROM swift:6.3-bookworm AS build
RUN apt-get update \
  && apt-get install --yes --no-install-recommends libpq-dev pkg-config zlib1g-dev \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/src/.build \
  swift build --configuration release --product pushledger --static-swift-stdlib \
  && install -D --strip --target-directory=/out .build/release/pushledger

# The same Debian as above: the executable is linked to its C library.
FROM debian:bookworm-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates libpq5 tzdata zlib1g \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin pushledger
COPY --from=build /out/pushledger /usr/local/bin/
COPY scripts/http-ready /usr/local/bin/
USER 10001
WORKDIR /tmp
# Nobody outside reaches a container's loopback.
ENV PUSHLEDGER_HTTP_HOST=0.0.0.0
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=10s --start-period=20s --retries=4 \
  CMD ["pushledger", "status", "--json"]
ENTRYPOINT ["pushledger"]
CMD ["serve"]
